package dev.omni.job;

import java.util.concurrent.ThreadLocalRandom;

/** Pauses between tries: twice as long each time, up to two seconds, the second half of each by chance. */
final class Backoff {
    private static final long FIRST_MILLIS = 100;
    private static final long MAX_MILLIS = 2_000;

    private Backoff() {}

    /** @param failures how many tries have failed in a row, from 1 */
    static long millis(int failures) {
        long delay = Math.min(MAX_MILLIS, FIRST_MILLIS << Math.min(failures, 10));
        return delay / 2 + ThreadLocalRandom.current().nextLong(delay / 2 + 1);
    }
}
