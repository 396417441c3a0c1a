package dev.omni.limit;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;

/** Refuses what is beyond a quota, and sees to it that this is counted and told. */
@ApplicationScoped
public class QuotaRefusals {
    private final LimitMeters meters;
    private final Event<Refused> refused;

    QuotaRefusals(LimitMeters meters, Event<Refused> refused) {
        this.meters = meters;
        this.refused = refused;
    }

    /** The 422 {@code quota_exceeded} that is to be thrown. */
    public ProblemException of(QuotaName quota, int limit, String userId) {
        meters.refused(quota);
        refused.fire(new Refused(Refused.Kind.QUOTA, quota.label(), userId, null));
        return new ProblemException(
                ProblemCode.QUOTA_EXCEEDED,
                "The quota \"%s\" of %d is used up; end or delete one first.".formatted(quota.label(), limit));
    }
}
