package dev.omni.daytona;

import java.time.Duration;

/**
 * What one throttler has left for us, by its last word and what has been sent since. Daytona counts per organisation, so its
 * word includes what other replicas have sent.
 *
 * <p>Times are of {@link System#nanoTime}.
 */
final class Budget {
    /** Daytona tells the end of a window in whole seconds. */
    private static final long SAME_WINDOW_NANOS = Duration.ofMillis(1500).toNanos();

    private boolean known;
    private long limit;
    private long left;
    private long windowEnds;
    private boolean blocked;
    private long blockedUntil;

    /** Daytona's word on the window that a call of ours was counted in. */
    synchronized void told(long limit, long remaining, Duration reset, long now) {
        long ends = now + reset.toNanos();
        long later = known ? ends - windowEnds : Long.MAX_VALUE;
        if (later > SAME_WINDOW_NANOS) {
            left = remaining;
            windowEnds = ends;
        } else if (later >= -SAME_WINDOW_NANOS) {
            // Answers overtake each other, and calls on their way are not in them: the lowest count is right.
            left = Math.min(left, remaining);
        } else {
            return;
        }
        known = true;
        this.limit = limit;
    }

    /** Daytona refuses every call for so long. */
    synchronized void block(Duration time, long now) {
        long until = now + time.toNanos();
        if (!blocked || until - blockedUntil > 0) {
            blocked = true;
            blockedUntil = until;
        }
    }

    /** How long Daytona still refuses every call. */
    synchronized Duration blocked(long now) {
        return blocked && blockedUntil - now > 0 ? Duration.ofNanos(blockedUntil - now) : Duration.ZERO;
    }

    /**
     * Takes one call out of the budget.
     *
     * @param reserve the share of the limit that is left to others
     * @return zero, or how long to wait before asking again
     */
    synchronized Duration take(double reserve, long now) {
        Duration blocked = blocked(now);
        if (!blocked.isZero()) {
            return blocked;
        }
        if (!known || windowEnds - now <= 0) {
            return Duration.ZERO;
        }
        if (left <= limit * reserve) {
            return Duration.ofNanos(windowEnds - now);
        }
        left--;
        return Duration.ZERO;
    }

    /** What is left of the window; not a number where Daytona has said nothing of it. */
    synchronized double left(long now) {
        return known && windowEnds - now > 0 ? left : Double.NaN;
    }
}
