package dev.omni.limit;

import java.time.Duration;

/**
 * How a caller stands with one limit.
 *
 * @param left tokens
 * @param delay until there is one; zero if there is
 */
record Standing(Limit limit, long left, Duration delay) {
    /** The worse of the two, which are about the same limit. */
    Standing and(Standing other) {
        return new Standing(limit, Math.min(left, other.left), delay.compareTo(other.delay) > 0 ? delay : other.delay);
    }

    /** Until it has all tokens back. */
    Duration untilFull() {
        return limit.rate().untilFull(left);
    }
}
