package dev.omni.job;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** How often the running jobs of this replica are looked at: as often as configured, but no more in total than Daytona is asked to bear. */
final class PollPace {
    private final Duration interval;
    private final int maxPerSecond;
    private final AtomicInteger polling = new AtomicInteger();

    PollPace(Duration interval, int maxPerSecond) {
        this.interval = interval;
        this.maxPerSecond = maxPerSecond;
    }

    void joins() {
        polling.incrementAndGet();
    }

    void leaves() {
        polling.decrementAndGet();
    }

    /** How long one job waits between two looks. */
    Duration pause() {
        Duration fair = Duration.ofMillis(1000L * polling.get() / maxPerSecond);
        return fair.compareTo(interval) > 0 ? fair : interval;
    }
}
