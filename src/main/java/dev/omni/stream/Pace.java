package dev.omni.stream;

import java.time.Duration;

/**
 * Whether a reader takes enough to be worth its place. Only one that is behind is judged: whoever was found behind each time
 * over the whole {@link StreamConfig#slowReaderAfter} and took less than {@link StreamConfig#slowReaderMinimum} meanwhile
 * is too slow. What counts is bytes, not time, so that a steady reader of a huge log is left alone however late it is. For
 * one thread at a time; times are those of {@link System#nanoTime}.
 */
final class Pace {
    private final long windowNanos;
    private final long minimum;
    private boolean behind;
    private long behindSince;
    private long taken;

    Pace(Duration window, long minimum) {
        this.windowNanos = window.toNanos();
        this.minimum = minimum;
    }

    static Pace of(StreamConfig config) {
        return new Pace(config.slowReaderAfter(), config.slowReaderMinimum().asLongValue());
    }

    void took(long size) {
        taken += size;
    }

    /** To be asked from time to time, always with whether something is waiting to be read. */
    boolean isTooSlow(boolean waiting, long now) {
        if (!waiting || !behind) {
            begin(waiting, now);
            return false;
        }
        if (now - behindSince < windowNanos) {
            return false;
        }
        boolean tooSlow = taken < minimum;
        begin(true, now);
        return tooSlow;
    }

    private void begin(boolean waiting, long now) {
        behind = waiting;
        behindSince = now;
        taken = 0;
    }
}
