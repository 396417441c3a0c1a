package dev.omni.limit;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;

/** Refuses what is beyond a quota, and sees to it that this is counted and told. */
@ApplicationScoped
public class QuotaRefusals {
    private final MeterRegistry meters;
    private final Event<Refused> refused;

    QuotaRefusals(MeterRegistry meters, Event<Refused> refused) {
        this.meters = meters;
        this.refused = refused;
    }

    /** The 422 {@code quota_exceeded} that is to be thrown. */
    public ProblemException of(String quota, int limit, String userId) {
        meters.counter("omni.quota.refusals", "quota", quota).increment();
        refused.fire(new Refused(Refused.Kind.QUOTA, quota, userId, null));
        return new ProblemException(
                ProblemCode.QUOTA_EXCEEDED,
                "The quota \"%s\" of %d is used up; end or delete one first.".formatted(quota, limit));
    }
}
