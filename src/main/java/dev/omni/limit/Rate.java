package dev.omni.limit;

import io.quarkus.runtime.annotations.RegisterForReflection;
import io.quarkus.runtime.configuration.DurationConverter;
import java.time.Duration;

/**
 * So many at once, and as many again over each such time: {@code 30/1M} allows a burst of thirty, then one every two
 * seconds.
 */
@RegisterForReflection // Configuration finds the factory method by its name.
public record Rate(long count, Duration time) {
    private static final Duration MAX_TIME = Duration.ofHours(24);
    private static final long MAX_COUNT = 1_000_000_000;

    /** Reads {@code 30/1M}. */
    public static Rate of(String text) {
        String[] parts = text.strip().split("/", 2);
        if (parts.length != 2 || !parts[0].matches("\\d{1,10}") || parts[1].isBlank()) {
            throw new IllegalArgumentException(text + " is no rate: write a number and a time, such as 30/1M");
        }
        Rate rate = new Rate(Long.parseLong(parts[0]), DurationConverter.parseDuration(parts[1]));
        if (rate.count < 1 || rate.count > MAX_COUNT) {
            throw new IllegalArgumentException(text + " is no rate: the number must be 1 to " + MAX_COUNT);
        }
        if (rate.time.toMillis() < 1 || rate.time.compareTo(MAX_TIME) > 0) {
            throw new IllegalArgumentException(text + " is no rate: the time must be a millisecond to a day");
        }
        return rate;
    }

    /** How long until there are as many again as there can be, when so many are left. */
    Duration untilFull(long left) {
        return Duration.ofNanos((long) ((double) (count - left) / count * time.toNanos()));
    }
}
