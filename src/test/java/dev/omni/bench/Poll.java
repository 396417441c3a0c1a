package dev.omni.bench;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waiting for what nobody tells us. */
final class Poll {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration PAUSE = Duration.ofMillis(100);

    private Poll() {}

    static void until(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("it does not happen");
            }
            Thread.sleep(PAUSE);
        }
    }
}
