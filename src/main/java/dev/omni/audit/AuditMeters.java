package dev.omni.audit;

import dev.omni.metric.Metric;
import dev.omni.metric.PerConstant;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumSet;

/** What is measured of the trail. */
final class AuditMeters {
    private final PerConstant<Action, PerConstant<Outcome, Counter>> events;
    private final Counter lost;

    AuditMeters(MeterRegistry registry) {
        this.events = new PerConstant<>(
                EnumSet.allOf(Action.class),
                action -> new PerConstant<>(
                        EnumSet.allOf(Outcome.class),
                        outcome -> Metric.AUDIT_EVENTS.counter(registry, action, outcome)));
        this.lost = Metric.AUDIT_LOST.counter(registry);
    }

    void written(Action action, Outcome outcome) {
        events.of(action).of(outcome).increment();
    }

    void lost() {
        lost.increment();
    }
}
