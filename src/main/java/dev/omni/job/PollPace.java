package dev.omni.job;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How often the running jobs of this replica are looked at: a young one more often, since most commands are over soon, then
 * as often as configured, and all together no more than Daytona is asked to bear.
 */
final class PollPace {
    private static final Duration FIRST = Duration.ofMillis(10);

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

    /** How long to wait for the next look at a job that has been looked at for a while. */
    Duration pause(Duration since) {
        Duration wanted = shorter(interval, longer(FIRST, since.dividedBy(2)));
        Duration fair = Duration.ofMillis(1000L * polling.get() / maxPerSecond);
        return longer(wanted, fair);
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }
}
