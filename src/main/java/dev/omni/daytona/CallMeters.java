package dev.omni.daytona;

import dev.omni.daytona.DaytonaOperation.Lane;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Counts what is asked of Daytona, and how that ends. */
final class CallMeters {
    private static final String CALLS = "omni.daytona.calls";
    private static final String OPERATION = "operation";
    private static final String OUTCOME = "outcome";
    private static final String OK = "ok";
    private static final String CANCELLED = "cancelled";

    private final MeterRegistry meters;
    private final Map<DaytonaOperation, AtomicInteger> open = new EnumMap<>(DaytonaOperation.class);

    CallMeters(MeterRegistry meters) {
        this.meters = meters;
        for (DaytonaOperation streamed : new DaytonaOperation[] {
            DaytonaOperation.FOLLOW_LOG,
            DaytonaOperation.READ_LOG,
            DaytonaOperation.READ_OUTPUT,
            DaytonaOperation.DOWNLOAD_FILE
        }) {
            AtomicInteger count = new AtomicInteger();
            open.put(streamed, count);
            Gauge.builder("omni.daytona.streams.open", count, AtomicInteger::get)
                    .tag(OPERATION, streamed.label())
                    .register(meters);
        }
    }

    MeterRegistry registry() {
        return meters;
    }

    void bulkhead(Lane lane, Bulkhead bulkhead) {
        Gauge.builder("omni.daytona.bulkhead.running", bulkhead, Bulkhead::running)
                .tag("group", lane.label())
                .register(meters);
        Gauge.builder("omni.daytona.bulkhead.waiting", bulkhead, Bulkhead::waiting)
                .tag("group", lane.label())
                .register(meters);
    }

    void bulkheadRefused(Lane lane) {
        meters.counter("omni.daytona.bulkhead.refusals", "group", lane.label()).increment();
    }

    /** @param state 0 closed, 1 half open, 2 open */
    void circuit(Lane lane, Supplier<Number> state) {
        Gauge.builder("omni.daytona.circuit.state", state)
                .tag("group", lane.label())
                .strongReference(true)
                .register(meters);
    }

    /** One try of a call, from when it is sent. */
    <T> Uni<T> timed(DaytonaOperation operation, Uni<T> call) {
        return Uni.createFrom().deferred(() -> {
            long begun = System.nanoTime();
            return call.onTermination()
                    .invoke((answer, failure, cancelled) ->
                            record(operation, cancelled ? CANCELLED : outcome(failure), System.nanoTime() - begun));
        });
    }

    /** A call that was not made, since others like it have failed. */
    void circuitOpen(DaytonaOperation operation) {
        record(operation, "circuit_open", 0);
    }

    Multi<Buffer> counted(DaytonaOperation operation, Multi<Buffer> stream) {
        AtomicInteger now = open.get(operation);
        if (now == null) {
            throw new IllegalArgumentException(operation + " is no stream");
        }
        return stream.onSubscription()
                .invoke(now::incrementAndGet)
                .onTermination()
                .invoke((failure, cancelled) -> {
                    now.decrementAndGet();
                    meters.counter(
                                    "omni.daytona.streams.ended",
                                    OPERATION,
                                    operation.label(),
                                    "reason",
                                    cancelled ? CANCELLED : outcome(failure))
                            .increment();
                });
    }

    private void record(DaytonaOperation operation, String outcome, long nanos) {
        meters.timer(CALLS, OPERATION, operation.label(), OUTCOME, outcome).record(Duration.ofNanos(nanos));
    }

    private static String outcome(@Nullable Throwable failure) {
        if (failure == null) {
            return OK;
        }
        if (!(failure instanceof DaytonaException daytona)) {
            return "failed";
        }
        if (daytona.isCircuitOpen()) {
            return "circuit_open";
        }
        return switch (daytona.kind()) {
            case REFUSED, BAD_REQUEST, NOT_CONFIGURED -> "refused";
            case NOT_FOUND, GONE -> "not_found";
            case CONFLICT, NOT_RUNNING -> "conflict";
            case RATE_LIMITED -> "rate_limited";
            case UNAVAILABLE -> "unavailable";
            case TIMEOUT -> "timeout";
            case FAILED -> "failed";
        };
    }
}
