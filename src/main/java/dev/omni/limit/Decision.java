package dev.omni.limit;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Whether a call may go on, and what its answer says of the limits it falls under.
 *
 * @param refusedBy the name of the limit that is used up; empty if the call may go on
 */
public record Decision(String refusedBy, Duration retryAfter, Map<String, String> headers) {
    private static final String RATE_LIMIT = "RateLimit";
    private static final String RATE_LIMIT_POLICY = "RateLimit-Policy";

    public Decision {
        headers = Map.copyOf(headers);
    }

    static Decision of(List<Standing> standings) {
        Standing worst = standings.getFirst();
        for (Standing standing : standings) {
            if (standing.delay().compareTo(worst.delay()) > 0) {
                worst = standing;
            }
        }
        boolean allowed = worst.delay().isZero();
        return new Decision(allowed ? "" : worst.limit().name(), worst.delay(), headers(standings));
    }

    public boolean isAllowed() {
        return refusedBy.isEmpty();
    }

    /** The problem that a refused call is answered with. */
    public ProblemException refusal() {
        return new ProblemException(
                ProblemCode.RATE_LIMITED,
                "The rate limit \"%s\" is used up; wait before the next call.".formatted(refusedBy),
                retryAfter,
                null);
    }

    /** The structured fields of draft-ietf-httpapi-ratelimit-headers. */
    private static Map<String, String> headers(List<Standing> standings) {
        return Map.of(
                RATE_LIMIT_POLICY,
                standings.stream()
                        .map(standing -> "\"%s\";q=%d;w=%d"
                                .formatted(
                                        standing.limit().name(),
                                        standing.limit().rate().count(),
                                        seconds(standing.limit().rate().time())))
                        .collect(Collectors.joining(", ")),
                RATE_LIMIT,
                standings.stream()
                        .map(standing -> "\"%s\";r=%d;t=%d"
                                .formatted(
                                        standing.limit().name(),
                                        standing.left(),
                                        seconds(standing.delay().isZero() ? standing.untilFull() : standing.delay())))
                        .collect(Collectors.joining(", ")));
    }

    /** Rounded up, and at least one. */
    static long seconds(Duration time) {
        return Math.max(1, time.plusNanos(999_999_999).toSeconds());
    }
}
