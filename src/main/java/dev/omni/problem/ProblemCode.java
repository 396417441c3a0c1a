package dev.omni.problem;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Every error the service can answer with: its stable code (the constant's name in lower case), HTTP status, whether it
 * is worth trying again, and title. Clients switch on the code; the title is for people.
 */
public enum ProblemCode {
    MALFORMED_JSON(400, Retry.NO, "The body is not valid JSON"),
    UNKNOWN_FIELD(400, Retry.NO, "The body has a field that is not known"),
    VALIDATION_FAILED(400, Retry.NO, "The request is not valid"),
    UNKNOWN_PARAMETER(400, Retry.NO, "The request has a query parameter that is not known"),
    INVALID_CURSOR(400, Retry.NO, "The cursor is not one of this list or job"),
    MALFORMED_REQUEST(400, Retry.NO, "The request is not valid HTTP"),
    UNAUTHENTICATED(401, Retry.NO, "A valid token is needed"),
    TOKEN_EXPIRED(401, Retry.NO, "The token has expired"),
    FORBIDDEN(403, Retry.NO, "Not allowed"),
    USER_MISMATCH(403, Retry.NO, "The user named is not the user of the token"),
    NOT_FOUND(404, Retry.NO, "Not found"),
    SANDBOX_NOT_FOUND(404, Retry.NO, "No such sandbox"),
    JOB_NOT_FOUND(404, Retry.NO, "No such job"),
    METHOD_NOT_ALLOWED(405, Retry.NO, "Method not allowed"),
    NOT_ACCEPTABLE(406, Retry.NO, "None of the accepted media types can be produced"),
    REQUEST_TIMEOUT(408, Retry.YES, "The request did not arrive in time"),
    SANDBOX_NOT_READY(409, Retry.YES, "The sandbox is not ready"),
    NAME_TAKEN(409, Retry.NO, "A sandbox with that name exists"),
    IDEMPOTENCY_CONFLICT(409, Retry.NO, "The idempotency key was used with another request"),
    JOB_FINISHED(409, Retry.NO, "The job has finished"),
    INPUT_CLOSED(409, Retry.NO, "The job was started without an open stdin"),
    TOO_LARGE(413, Retry.NO, "Too large"),
    URI_TOO_LONG(414, Retry.NO, "The address is too long"),
    UNSUPPORTED_MEDIA_TYPE(415, Retry.NO, "The media type is not supported"),
    QUOTA_EXCEEDED(422, Retry.NO, "A quota is used up"),
    RATE_LIMITED(429, Retry.YES, "Too many requests"),
    HEADERS_TOO_LARGE(431, Retry.NO, "The headers are too large"),
    INTERNAL_ERROR(500, Retry.YES, "Something went wrong on our side"),
    UPSTREAM_ERROR(502, Retry.YES, "The sandbox platform failed"),
    DAYTONA_NOT_CONFIGURED(503, Retry.NO, "The sandbox platform is not configured"),
    UPSTREAM_UNAVAILABLE(503, Retry.YES, "The sandbox platform cannot be reached"),
    UPSTREAM_RATE_LIMITED(503, Retry.YES, "The sandbox platform is busy"),
    UPSTREAM_TIMEOUT(504, Retry.YES, "The sandbox platform did not answer in time"),
    EXEC_TIMEOUT(504, Retry.NO, "The command did not end in time");

    /** Whether the same request, sent again as it is, can be answered otherwise. */
    private enum Retry {
        YES,
        /** Something has to be done first: to the request, to what it is about, or by whoever runs the service. */
        NO
    }

    private final int status;
    private final boolean retryable;
    private final String title;

    ProblemCode(int status, Retry retry, String title) {
        this.status = status;
        this.retryable = retry == Retry.YES;
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

    /** Whether the same request may succeed when it is sent again later. */
    public boolean isRetryable() {
        return retryable;
    }

    public String title() {
        return title;
    }
}
