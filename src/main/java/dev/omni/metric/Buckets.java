package dev.omni.metric;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** The durations that a histogram tells apart. Each is a series for every combination of tags, so there are few. */
enum Buckets {
    /** From written at once to a client that is behind. */
    STREAM(1, 2, 5, 10, 25, 50, 100, 250, 1_000, 5_000),
    /** From answered out of memory to as long as any call may take. */
    CALL(5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000),
    /** From a command that does nothing to an agent's afternoon. */
    JOB(250, 1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000);

    @SuppressWarnings("ImmutableEnumChecker") // The list is an immutable one.
    private final List<Duration> boundaries;

    Buckets(long... millis) {
        this.boundaries = Arrays.stream(millis).mapToObj(Duration::ofMillis).toList();
    }

    List<Duration> boundaries() {
        return boundaries;
    }
}
