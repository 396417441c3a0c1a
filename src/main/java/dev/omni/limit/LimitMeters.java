package dev.omni.limit;

import dev.omni.metric.Metric;
import dev.omni.metric.PerConstant;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;
import java.util.EnumSet;
import java.util.function.BooleanSupplier;

/** What is measured of limits and quotas. */
@Singleton
class LimitMeters {
    /** What a rate limit decided. */
    enum Outcome {
        ALLOWED,
        LIMITED,
        /** Let through by this replica alone, though there should be a Redis to ask. */
        DEGRADED
    }

    private final MeterRegistry registry;
    private final PerConstant<Policy, PerConstant<Outcome, Counter>> decisions;
    private final PerConstant<QuotaName, Counter> quotaRefusals;

    LimitMeters(MeterRegistry registry) {
        this.registry = registry;
        this.decisions = new PerConstant<>(
                EnumSet.allOf(Policy.class),
                policy -> new PerConstant<>(
                        EnumSet.allOf(Outcome.class),
                        outcome -> Metric.LIMIT_DECISIONS.counter(registry, policy, outcome)));
        this.quotaRefusals = new PerConstant<>(
                EnumSet.allOf(QuotaName.class), quota -> Metric.QUOTA_REFUSALS.counter(registry, quota));
    }

    /** Has the link to Redis looked at when somebody looks. */
    void watch(BooleanSupplier isShared) {
        Metric.LIMIT_SHARED.gauge(registry, () -> isShared.getAsBoolean() ? 1 : 0);
    }

    void decided(Policy policy, Outcome outcome) {
        decisions.of(policy).of(outcome).increment();
    }

    void refused(QuotaName quota) {
        quotaRefusals.of(quota).increment();
    }
}
