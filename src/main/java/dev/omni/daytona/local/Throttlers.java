package dev.omni.daytona.local;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Daytona's rate limits, which are off until they are switched on. Every request counts at one throttler. Its window begins
 * with its first request; one too many, and all are refused for a whole window from then on.
 */
public final class Throttlers {
    /** Counts what has no throttler of its own. */
    public static final String AUTHENTICATED = "authenticated";

    public static final String SANDBOX_CREATE = "sandbox-create";
    public static final String SANDBOX_LIFECYCLE = "sandbox-lifecycle";

    private final Map<String, Throttler> throttlers = new ConcurrentHashMap<>();

    Throttlers() {}

    /** From now on only so many requests are taken in every window. */
    public void limit(String throttler, int requests, Duration window) {
        throttlers.put(throttler, new Throttler(requests, window));
    }

    /** Switches all off. */
    public void clear() {
        throttlers.clear();
    }

    /** Counts a request of the control plane; the headers of its answer, and whether it is refused. */
    Verdict count(Operation operation) {
        String name = nameOf(operation);
        Throttler throttler = throttlers.get(name);
        return throttler == null ? new Verdict(false, Map.of()) : throttler.count(name, System.nanoTime());
    }

    private static String nameOf(Operation operation) {
        return switch (operation) {
            case CREATE_SANDBOX -> SANDBOX_CREATE;
            case START_SANDBOX, STOP_SANDBOX, DELETE_SANDBOX, ARCHIVE_SANDBOX, RECOVER_SANDBOX -> SANDBOX_LIFECYCLE;
            default -> AUTHENTICATED;
        };
    }

    record Verdict(boolean refused, Map<String, String> headers) {}

    private static final class Throttler {
        private final int limit;
        private final long windowNanos;
        private int count;
        private @Nullable Long windowEnds;
        private boolean blocked;

        Throttler(int limit, Duration window) {
            this.limit = limit;
            this.windowNanos = window.toNanos();
        }

        synchronized Verdict count(String name, long now) {
            if (windowEnds == null || windowEnds - now <= 0) {
                windowEnds = now + windowNanos;
                count = 0;
                blocked = false;
            }
            count++;
            if (count > limit && !blocked) {
                blocked = true;
                windowEnds = now + windowNanos;
            }
            String seconds = Long.toString(
                    Math.ceilDiv(windowEnds - now, Duration.ofSeconds(1).toNanos()));
            return blocked
                    ? new Verdict(true, Map.of("Retry-After-" + name, seconds))
                    : new Verdict(
                            false,
                            Map.of(
                                    "X-RateLimit-Limit-" + name, Integer.toString(limit),
                                    "X-RateLimit-Remaining-" + name, Integer.toString(limit - count),
                                    "X-RateLimit-Reset-" + name, seconds));
        }
    }
}
