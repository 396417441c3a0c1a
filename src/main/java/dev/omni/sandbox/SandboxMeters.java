package dev.omni.sandbox;

import dev.omni.metric.Metric;
import dev.omni.metric.PerConstant;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What is measured of sandboxes. */
@Singleton
class SandboxMeters {
    /** What callers do with sandboxes. */
    enum Action {
        CREATE,
        ENSURE_DEFAULT,
        START,
        STOP,
        ARCHIVE,
        DELETE
    }

    /** Where a sandbox that a caller is given came from. */
    enum Origin {
        CREATED,
        FOUND,
        /** It was stopped or archived. */
        WOKEN,
        /** It was broken, and Daytona could mend it. */
        RECOVERED
    }

    private enum Outcome {
        SUCCEEDED,
        /** It is the caller who can do something about it. */
        REFUSED,
        FAILED,
        /** The caller went away. */
        ABANDONED
    }

    private final MeterRegistry registry;
    private final PerConstant<Action, PerConstant<Outcome, Timer>> actions;
    private final PerConstant<Origin, Timer> ready;
    private final PerConstant<Origin, Counter> defaults;
    private final Counter replays;

    SandboxMeters(MeterRegistry registry) {
        Set<Origin> origins = EnumSet.allOf(Origin.class);
        this.registry = registry;
        this.actions = new PerConstant<>(
                EnumSet.allOf(Action.class),
                action -> new PerConstant<>(
                        EnumSet.allOf(Outcome.class),
                        outcome -> Metric.SANDBOX_ACTIONS.timer(registry, action, outcome)));
        this.ready = new PerConstant<>(origins, origin -> Metric.SANDBOX_READY.timer(registry, origin));
        this.defaults = new PerConstant<>(origins, origin -> Metric.SANDBOX_DEFAULTS.counter(registry, origin));
        this.replays = Metric.REPLAYS.counter(registry, "sandbox");
    }

    /** The same work, measured each time it is done. */
    <T extends @Nullable Object> Uni<T> measured(Action action, Uni<T> work) {
        return Uni.createFrom().deferred(() -> {
            long begun = System.nanoTime();
            return work.onTermination().invoke((done, failure, cancelled) -> {
                Outcome outcome = cancelled ? Outcome.ABANDONED : outcome(failure);
                actions.of(action).of(outcome).record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
                if (failure != null) {
                    Metric.SANDBOX_FAILURES
                            .counter(registry, action, cause(failure))
                            .increment();
                }
            });
        });
    }

    void replayed() {
        replays.increment();
    }

    void ensured(Origin origin) {
        defaults.of(origin).increment();
    }

    /**
     * A caller is given a sandbox.
     *
     * @param asked when, as {@link System#nanoTime()} told it
     */
    void given(SandboxStatus status, Origin origin, long asked) {
        if (status == SandboxStatus.READY) {
            ready.of(origin).record(System.nanoTime() - asked, TimeUnit.NANOSECONDS);
        }
    }

    private static Outcome outcome(@Nullable Throwable failure) {
        if (failure == null) {
            return Outcome.SUCCEEDED;
        }
        return cause(failure).status() < 500 ? Outcome.REFUSED : Outcome.FAILED;
    }

    private static ProblemCode cause(Throwable failure) {
        return failure instanceof ProblemException problem ? problem.code() : ProblemCode.INTERNAL_ERROR;
    }
}
