package dev.omni.problem;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.omni.redaction.Redaction;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The document every refused or failed call is answered with (RFC 9457), as {@code application/problem+json}.
 *
 * @param type {@code urn:omni:problem:} and the code
 * @param instance the path that was called
 * @param code the stable name of the problem, see {@link ProblemCode}
 * @param requestId what the log lines of this request carry
 * @param retryable whether the same request may succeed when it is sent again later, and does no harm
 * @param retryAfterSeconds how much later, where that is known; the Retry-After header says the same
 * @param stage the step of the work that failed, where that is known
 * @param violations what is wrong with the request, where that can be said by field
 */
@RegisterForReflection
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Problem(
        String type,
        String title,
        int status,
        String detail,
        String instance,
        String code,
        @Nullable String requestId,
        boolean retryable,
        @Nullable Long retryAfterSeconds,
        @Nullable Stage stage,
        List<Violation> violations) {
    public static final String MEDIA_TYPE = "application/problem+json";

    static final String ANSWERED = "omni.problem";

    public Problem {
        violations = List.copyOf(violations);
    }

    static Problem of(ProblemException failure, String path, @Nullable String requestId) {
        ProblemCode code = failure.code();
        return new Problem(
                "urn:omni:problem:" + code.code(),
                code.title(),
                code.status(),
                Redaction.scrub(failure.detail()),
                Redaction.scrub(path),
                code.code(),
                requestId,
                failure.isRetryable(),
                retryAfterSeconds(failure),
                failure.stage(),
                failure.violations().stream()
                        .map(v -> new Violation(Redaction.scrub(v.field()), Redaction.scrub(v.message())))
                        .toList());
    }

    /** The problem a call was answered with; null for any other answer. */
    public static @Nullable ProblemCode answered(RoutingContext context) {
        return context.get(ANSWERED);
    }

    /** Rounded up: a caller that waits that long must not come too early. */
    static @Nullable Long retryAfterSeconds(ProblemException failure) {
        Duration wait = failure.retryAfter();
        return wait == null ? null : Math.max(1, wait.plusNanos(999_999_999).toSeconds());
    }
}
