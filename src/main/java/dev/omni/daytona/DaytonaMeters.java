package dev.omni.daytona;

import dev.omni.daytona.DaytonaOperation.Lane;
import dev.omni.daytona.DaytonaOperation.Priority;
import dev.omni.metric.Metric;
import dev.omni.metric.PerConstant;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What is measured of Daytona: what is asked of it and how that ends, and what keeps us from asking. */
final class DaytonaMeters {
    /** What comes of a key that Daytona refuses. */
    enum KeyRefusal {
        /** Calls are made with the one before. */
        FELL_BACK,
        /** There is no other. */
        REFUSED
    }

    /** How a try of a call, or a stream, ended. */
    private enum Outcome {
        OK,
        REFUSED,
        NOT_FOUND,
        CONFLICT,
        RATE_LIMITED,
        UNAVAILABLE,
        TIMEOUT,
        FAILED,
        /** Nobody waits for it any more. */
        CANCELLED,
        /** It was not made, since others like it have failed. */
        CIRCUIT_OPEN
    }

    /** A histogram each, and most never happen: only those that all hope for are there from the start. */
    private record Ended(DaytonaOperation operation, Outcome outcome) {}

    private static final Set<DaytonaOperation> STREAMS = Set.of(
            DaytonaOperation.FOLLOW_LOG,
            DaytonaOperation.READ_LOG,
            DaytonaOperation.READ_OUTPUT,
            DaytonaOperation.DOWNLOAD_FILE);

    private final MeterRegistry registry;
    private final Map<Ended, Timer> calls = new ConcurrentHashMap<>();
    private final PerConstant<DaytonaOperation, AtomicInteger> open;
    private final PerConstant<DaytonaOperation, PerConstant<Outcome, Counter>> ended;
    private final PerConstant<Lane, Counter> bulkheadRefusals;
    private final PerConstant<Priority, Counter> delays;
    private final PerConstant<Priority, Counter> refusals;
    private final PerConstant<KeyRefusal, Counter> keyRefusals;

    DaytonaMeters(MeterRegistry registry) {
        Set<Priority> priorities = EnumSet.allOf(Priority.class);
        this.registry = registry;
        EnumSet.complementOf(EnumSet.copyOf(STREAMS)).forEach(operation -> calls(new Ended(operation, Outcome.OK)));
        this.open = new PerConstant<>(STREAMS, operation -> {
            var count = new AtomicInteger();
            Metric.DAYTONA_STREAMS.gauge(registry, () -> count, operation);
            return count;
        });
        this.ended = new PerConstant<>(
                STREAMS,
                operation -> new PerConstant<>(
                        EnumSet.allOf(Outcome.class),
                        reason -> Metric.DAYTONA_STREAMS_ENDED.counter(registry, operation, reason)));
        this.bulkheadRefusals =
                new PerConstant<>(EnumSet.allOf(Lane.class), lane -> Metric.BULKHEAD_REFUSALS.counter(registry, lane));
        this.delays = new PerConstant<>(priorities, priority -> Metric.GOVERNOR_DELAYS.counter(registry, priority));
        this.refusals = new PerConstant<>(priorities, priority -> Metric.GOVERNOR_REFUSALS.counter(registry, priority));
        this.keyRefusals = new PerConstant<>(
                EnumSet.allOf(KeyRefusal.class), outcome -> Metric.KEY_REFUSALS.counter(registry, outcome));
    }

    /** Has a bulkhead looked at when somebody looks. */
    void watch(Lane lane, Bulkhead bulkhead) {
        Metric.BULKHEAD_RUNNING.gauge(registry, bulkhead::running, lane);
        Metric.BULKHEAD_WAITING.gauge(registry, bulkhead::waiting, lane);
    }

    /** @param state 0 closed, 1 half open, 2 open */
    void watchCircuit(Lane lane, Supplier<Number> state) {
        Metric.DAYTONA_CIRCUIT.gauge(registry, state, lane);
    }

    void watchBudget(Throttler throttler, Supplier<Number> left) {
        Metric.THROTTLER_REMAINING.gauge(registry, left, throttler.header());
    }

    void watchWaiting(Priority priority, AtomicInteger waiting) {
        Metric.GOVERNOR_WAITING.gauge(registry, () -> waiting, priority);
    }

    void gotNoTurn(Lane lane) {
        bulkheadRefusals.of(lane).increment();
    }

    /** A call has to wait for Daytona's rate limits. */
    void delayed(Priority priority) {
        delays.of(priority).increment();
    }

    /** A call is not made because of Daytona's rate limits. */
    void heldBack(Priority priority) {
        refusals.of(priority).increment();
    }

    void refusedKey(KeyRefusal outcome) {
        keyRefusals.of(outcome).increment();
    }

    /** One try of a call, from when it is sent. */
    <T> Uni<T> timed(DaytonaOperation operation, Uni<T> call) {
        return Uni.createFrom().deferred(() -> {
            long begun = System.nanoTime();
            return call.onTermination()
                    .invoke((answer, failure, cancelled) ->
                            record(operation, outcome(failure, cancelled), System.nanoTime() - begun));
        });
    }

    /** A call that was not made, since others like it have failed. */
    void circuitOpen(DaytonaOperation operation) {
        record(operation, Outcome.CIRCUIT_OPEN, 0);
    }

    Multi<Buffer> counted(DaytonaOperation operation, Multi<Buffer> stream) {
        AtomicInteger now = open.of(operation);
        PerConstant<Outcome, Counter> ends = ended.of(operation);
        return stream.onSubscription()
                .invoke(now::incrementAndGet)
                .onTermination()
                .invoke((failure, cancelled) -> {
                    now.decrementAndGet();
                    ends.of(outcome(failure, cancelled)).increment();
                });
    }

    private void record(DaytonaOperation operation, Outcome outcome, long nanos) {
        calls(new Ended(operation, outcome)).record(nanos, TimeUnit.NANOSECONDS);
    }

    private Timer calls(Ended end) {
        return calls.computeIfAbsent(
                end, made -> Metric.DAYTONA_CALLS.timer(registry, made.operation(), made.outcome()));
    }

    private static Outcome outcome(@Nullable Throwable failure, boolean cancelled) {
        if (cancelled) {
            return Outcome.CANCELLED;
        }
        if (failure == null) {
            return Outcome.OK;
        }
        if (!(failure instanceof DaytonaException daytona)) {
            return Outcome.FAILED;
        }
        if (daytona.isCircuitOpen()) {
            return Outcome.CIRCUIT_OPEN;
        }
        return switch (daytona.kind()) {
            case REFUSED, BAD_REQUEST, NOT_CONFIGURED -> Outcome.REFUSED;
            case NOT_FOUND, GONE -> Outcome.NOT_FOUND;
            case CONFLICT, NOT_RUNNING -> Outcome.CONFLICT;
            case RATE_LIMITED -> Outcome.RATE_LIMITED;
            case UNAVAILABLE -> Outcome.UNAVAILABLE;
            case TIMEOUT -> Outcome.TIMEOUT;
            case FAILED -> Outcome.FAILED;
        };
    }
}
