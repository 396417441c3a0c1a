package dev.omni.observe;

import dev.omni.metric.Metric;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigUtils;
import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** What this process is, and whether its event loops keep up. The JVM measures itself. */
@Singleton
class ProcessMeters {
    /** Rare enough to cost nothing, often enough to be there when a loop is blocked for as long as anybody notices. */
    private static final Duration INTERVAL = Duration.ofMillis(500);

    private final Vertx vertx;
    private final Timer delay;
    private final List<ScheduledFuture<?>> probes = new ArrayList<>();

    ProcessMeters(
            Vertx vertx, MeterRegistry registry, @ConfigProperty(name = "quarkus.application.version") String version) {
        this.vertx = vertx;
        Metric.BUILD.gauge(registry, () -> 1, version, String.join(",", ConfigUtils.getProfiles()));
        this.delay = Metric.LOOP_DELAY.timer(registry);
    }

    void start(@Observes StartupEvent event) {
        for (EventExecutor loop :
                ((ContextInternal) vertx.getOrCreateContext()).nettyEventLoop().parent()) {
            var probe = new Probe();
            probes.add(loop.scheduleWithFixedDelay(probe, 0, INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
        }
    }

    /** In development the loops live longer than the application. */
    void stop(@Observes ShutdownEvent event) {
        probes.forEach(probe -> probe.cancel(false));
    }

    private final class Probe implements Runnable {
        private long due = System.nanoTime();

        @Override
        public void run() {
            long now = System.nanoTime();
            delay.record(Math.max(0, now - due), TimeUnit.NANOSECONDS);
            due = now + INTERVAL.toNanos();
        }
    }
}
