package dev.omni.daytona;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A call to Daytona that did not succeed, classified from all the shapes in which Daytona says so. Unhandled, it is
 * answered as the problem of its kind; services that know better look at {@link #kind()}.
 */
public final class DaytonaException extends ProblemException {
    /** What went wrong, as far as a caller can act on it. */
    public enum Kind {
        /** No API URL or key is configured. */
        NOT_CONFIGURED(ProblemCode.DAYTONA_NOT_CONFIGURED),
        /** 401 or 403: our key is refused (control plane), or the sandbox is unknown (toolbox answers 401 for that). */
        REFUSED(ProblemCode.UPSTREAM_ERROR),
        /** 404, and a session that is unknown, however Daytona says so. */
        NOT_FOUND(ProblemCode.UPSTREAM_ERROR),
        /** 410: it has ended. */
        GONE(ProblemCode.UPSTREAM_ERROR),
        /** 409: busy, taken, or changed under us. */
        CONFLICT(ProblemCode.UPSTREAM_ERROR),
        /** Any other 4xx. */
        BAD_REQUEST(ProblemCode.UPSTREAM_ERROR),
        /** The toolbox's 400/404 for a sandbox that is stopped or archived, or its empty 502 while it starts. */
        NOT_RUNNING(ProblemCode.SANDBOX_NOT_READY),
        /** 429. */
        RATE_LIMITED(ProblemCode.UPSTREAM_RATE_LIMITED),
        /** Connection refused or reset, 502, 503. */
        UNAVAILABLE(ProblemCode.UPSTREAM_UNAVAILABLE),
        TIMEOUT(ProblemCode.UPSTREAM_TIMEOUT),
        /** 500 and everything that fits nowhere else, such as an answer that cannot be read. */
        FAILED(ProblemCode.UPSTREAM_ERROR);

        private final ProblemCode problem;

        Kind(ProblemCode problem) {
            this.problem = problem;
        }
    }

    /** How far a call came. */
    private enum Reach {
        SENT,
        /** It was held back here. */
        NOT_SENT,
        /** It was held back here because others like it have failed. */
        CIRCUIT_OPEN
    }

    private final Kind kind;
    private final int status;
    private final String upstreamMessage;
    private final Reach reach;
    private @Nullable DaytonaOperation operation;

    DaytonaException(
            Kind kind, int status, String upstreamMessage, @Nullable Duration retryAfter, @Nullable Throwable cause) {
        this(kind, status, upstreamMessage, upstreamMessage, retryAfter, cause, Reach.SENT);
    }

    /** @param told what the log may say of Daytona's words */
    DaytonaException(
            Kind kind,
            int status,
            String upstreamMessage,
            String told,
            @Nullable Duration retryAfter,
            @Nullable Throwable cause) {
        this(kind, status, upstreamMessage, told, retryAfter, cause, Reach.SENT);
    }

    private DaytonaException(
            Kind kind,
            int status,
            String upstreamMessage,
            String told,
            @Nullable Duration retryAfter,
            @Nullable Throwable cause,
            Reach reach) {
        super(
                kind.problem,
                kind.problem.title() + ".",
                "%s, status %d%s".formatted(kind, status, told.isEmpty() ? "" : ": " + told),
                retryAfter,
                cause);
        this.kind = kind;
        this.status = status;
        this.upstreamMessage = upstreamMessage;
        this.reach = reach;
    }

    /** A call that was not made, and need not be looked for. */
    static DaytonaException notSent(Kind kind, String why, Duration retryAfter) {
        return new DaytonaException(kind, 0, why, why, retryAfter, null, Reach.NOT_SENT);
    }

    static DaytonaException circuitOpen(Duration retryAfter) {
        String why = "not asked, since it has failed often";
        return new DaytonaException(Kind.UNAVAILABLE, 0, why, why, retryAfter, null, Reach.CIRCUIT_OPEN);
    }

    /** Says what was asked for, unless that is known. */
    DaytonaException during(DaytonaOperation operation) {
        if (this.operation == null) {
            this.operation = operation;
        }
        return this;
    }

    /** Tells failures of the kind, for use with {@code onFailure(...)}. */
    public static Predicate<Throwable> is(Kind kind) {
        return failure -> failure instanceof DaytonaException daytona && daytona.kind == kind;
    }

    public Kind kind() {
        return kind;
    }

    /** The HTTP status of Daytona's answer; 0 where there was none. */
    public int status() {
        return status;
    }

    /** Daytona's own words: for decisions, never for the caller nor, as they are, for the log. Empty where there were none. */
    public String upstreamMessage() {
        return upstreamMessage;
    }

    /** What was asked for; null where that is not known. */
    public @Nullable DaytonaOperation operation() {
        return operation;
    }

    /** Whether the call may have had its effect although it failed: false when Daytona has not heard of it. */
    public boolean mayHaveHappened() {
        return wasSent() && !isUnreachable();
    }

    /** Whether Daytona has answered that it does not do it. */
    public boolean isRefusal() {
        return kind == Kind.NOT_RUNNING || (status >= 400 && status < 500 && kind != Kind.TIMEOUT);
    }

    boolean wasSent() {
        return reach == Reach.SENT;
    }

    boolean isCircuitOpen() {
        return reach == Reach.CIRCUIT_OPEN;
    }

    @Override
    public boolean isRetryable() {
        return switch (kind) {
            // The same call will be answered alike.
            case REFUSED, BAD_REQUEST, GONE -> false;
            default -> super.isRetryable();
        };
    }

    /** Whether it is Daytona that does not work, not the call that is wrong. */
    boolean isOutage() {
        return kind == Kind.UNAVAILABLE || kind == Kind.TIMEOUT || status >= 500;
    }

    /** Whether there was no connection: the one failure that no sandbox can bring about. */
    boolean isUnreachable() {
        Throwable cause = getCause();
        return status == 0
                && (cause instanceof ConnectException
                        || cause instanceof NoRouteToHostException
                        || cause instanceof UnknownHostException
                        || cause instanceof SSLException);
    }
}
