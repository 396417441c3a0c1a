package dev.omni.problem;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Every error the service can answer with: its stable code (the constant's name in lower case), HTTP status and title.
 * Clients switch on the code; the title is for people.
 */
public enum ProblemCode {
    MALFORMED_JSON(400, "The body is not valid JSON"),
    UNKNOWN_FIELD(400, "The body has a field that is not known"),
    VALIDATION_FAILED(400, "The request is not valid"),
    UNKNOWN_PARAMETER(400, "The request has a query parameter that is not known"),
    INVALID_CURSOR(400, "The cursor is not one of this list or job"),
    UNAUTHENTICATED(401, "A valid token is needed"),
    TOKEN_EXPIRED(401, "The token has expired"),
    FORBIDDEN(403, "Not allowed"),
    USER_MISMATCH(403, "The user named is not the user of the token"),
    NOT_FOUND(404, "Not found"),
    SANDBOX_NOT_FOUND(404, "No such sandbox"),
    JOB_NOT_FOUND(404, "No such job"),
    METHOD_NOT_ALLOWED(405, "Method not allowed"),
    NOT_ACCEPTABLE(406, "None of the accepted media types can be produced"),
    SANDBOX_NOT_READY(409, "The sandbox is not ready"),
    NAME_TAKEN(409, "A sandbox with that name exists"),
    IDEMPOTENCY_CONFLICT(409, "The idempotency key was used with another request"),
    JOB_FINISHED(409, "The job has finished"),
    INPUT_CLOSED(409, "The job was started without an open stdin"),
    TOO_LARGE(413, "Too large"),
    UNSUPPORTED_MEDIA_TYPE(415, "The media type is not supported"),
    QUOTA_EXCEEDED(422, "A quota is used up"),
    RATE_LIMITED(429, "Too many requests"),
    INTERNAL_ERROR(500, "Something went wrong on our side"),
    UPSTREAM_ERROR(502, "The sandbox platform failed"),
    DAYTONA_NOT_CONFIGURED(503, "The sandbox platform is not configured"),
    UPSTREAM_UNAVAILABLE(503, "The sandbox platform cannot be reached"),
    UPSTREAM_RATE_LIMITED(503, "The sandbox platform is busy"),
    UPSTREAM_TIMEOUT(504, "The sandbox platform did not answer in time"),
    EXEC_TIMEOUT(504, "The command did not end in time");

    private final int status;
    private final String title;

    ProblemCode(int status, String title) {
        this.status = status;
        this.title = title;
    }

    static List<ProblemCode> ofStatus(int status) {
        return Arrays.stream(values()).filter(code -> code.status == status).toList();
    }

    /** The stable, snake_case code of the wire. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    public int status() {
        return status;
    }

    public String title() {
        return title;
    }
}
