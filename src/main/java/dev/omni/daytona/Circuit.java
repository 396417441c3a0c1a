package dev.omni.daytona;

import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.daytona.DaytonaOperation.Lane;
import io.smallrye.faulttolerance.api.CircuitBreakerState;
import io.smallrye.faulttolerance.api.Guard;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.eclipse.microprofile.faulttolerance.exceptions.CircuitBreakerOpenException;
import org.jboss.logging.Logger;

/**
 * Makes the calls of a lane while they have a chance to succeed, those that change nothing up to three times. When most of
 * the last ones that were sent have failed, none is made for a while; then one tries whether that is over.
 *
 * <p>Only what is sent tells of Daytona. The library takes every call that is no failure for a success, so what is held back
 * here, by the governor or the bulkhead, must not reach its circuit breaker: a Daytona that hangs fills the bulkhead, and
 * those who find it full would keep the circuit closed.
 */
final class Circuit {
    private static final Logger LOG = Logger.getLogger(Circuit.class);

    private static final int REPEATS = 2;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
    private static final Duration JITTER = Duration.ofMillis(100);
    /** What a caller is told who comes when the circuit is about to close. */
    private static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);

    private final String name;
    private final Duration openFor;
    private final Predicate<DaytonaException> isFailure;
    private final Guard repeats;
    private final Guard breaker;
    private final Duration patience;
    private volatile CircuitBreakerState state = CircuitBreakerState.CLOSED;
    private volatile long openedAt;

    /**
     * @param name for the log and the metrics of the library
     * @param patience after which an answer is so late that a caller who hangs up says something of Daytona
     */
    Circuit(String name, Lane lane, DaytonaConfig.Circuit config, Duration patience) {
        this.name = name;
        this.openFor = config.openFor();
        this.patience = patience;
        this.isFailure = lane.toolbox() ? DaytonaException::isUnreachable : DaytonaException::isOutage;
        this.breaker = Guard.create()
                .withDescription("daytona " + lane.label())
                .withCircuitBreaker()
                .requestVolumeThreshold(config.window())
                .failureRatio(config.failureRatio())
                .delay(openFor.toMillis(), ChronoUnit.MILLIS)
                .successThreshold(1)
                .when(this::counts)
                .onStateChange(this::changed)
                .done()
                .build();
        Guard.Builder builder = Guard.create().withDescription("daytona " + lane.label());
        if (lane.repeats()) {
            builder = builder.withRetry()
                    .maxRetries(REPEATS)
                    .delay(FIRST_PAUSE.toMillis(), ChronoUnit.MILLIS)
                    .jitter(JITTER.toMillis(), ChronoUnit.MILLIS)
                    .withExponentialBackoff()
                    .maxDelay(LONGEST_PAUSE.toMillis(), ChronoUnit.MILLIS)
                    .done()
                    .whenException(Circuit::isWorthARepeat)
                    .done();
        }
        this.repeats = builder.build();
    }

    /** Makes tries until one succeeds, or fails for good. While the circuit is open that is at once. */
    <T> Uni<T> call(Supplier<Uni<T>> tries) {
        return guarded(repeats, () -> {
            requireNotOpen();
            return tries.get();
        });
    }

    /** Makes one try, which is sent as soon as it is subscribed to, and takes its outcome for a sign of how Daytona is. */
    <T> Uni<T> sent(Supplier<Uni<T>> attempt) {
        return guarded(breaker, attempt)
                .onFailure(CircuitBreakerOpenException.class)
                .transform(open -> refusal());
    }

    private static <T> Uni<T> guarded(Guard guard, Supplier<Uni<T>> call) {
        return Uni.createFrom().deferred(() -> {
            CompletableFuture<Void> hungUp = new CompletableFuture<>();
            return guard.get(() -> unless(hungUp, call), Circuit.<T>uni())
                    .onCancellation()
                    .invoke(() -> hungUp.complete(null));
        });
    }

    /** Fails as a call would that is not made. */
    void requireNotOpen() {
        if (state == CircuitBreakerState.OPEN) {
            throw refusal();
        }
    }

    CircuitBreakerState state() {
        return state;
    }

    private DaytonaException refusal() {
        long left = openFor.toNanos() - (System.nanoTime() - openedAt);
        Duration wait = Duration.ofNanos(Math.max(left, SHORTEST_WAIT.toNanos()));
        return DaytonaException.circuitOpen(wait);
    }

    /**
     * The library does not tell a call that nobody waits for it any more, so that it would go on, and keep its connection. It
     * is cancelled and failed from beside.
     */
    private static <T> Uni<T> unless(CompletableFuture<Void> hungUp, Supplier<Uni<T>> call) {
        return Uni.createFrom().emitter(emitter -> {
            long begun = System.nanoTime();
            if (hungUp.isDone()) {
                emitter.fail(new HungUpException(Duration.ZERO));
                return;
            }
            Cancellable running =
                    Uni.createFrom().deferred(call::get).subscribe().with(emitter::complete, emitter::fail);
            CompletableFuture<Void> unused = hungUp.thenRun(() -> {
                running.cancel();
                emitter.fail(new HungUpException(Duration.ofNanos(System.nanoTime() - begun)));
            });
        });
    }

    private static boolean isWorthARepeat(Throwable failure) {
        if (!(failure instanceof DaytonaException daytona)
                || daytona.kind() != Kind.UNAVAILABLE
                || !daytona.wasSent()) {
            return false;
        }
        Duration wait = daytona.retryAfter();
        return wait == null || wait.compareTo(LONGEST_PAUSE) <= 0;
    }

    private boolean counts(Throwable failure) {
        if (failure instanceof DaytonaException daytona && daytona.wasSent()) {
            return isFailure.test(daytona);
        }
        // Callers do not wait as long as we would: with one who has waited long, Daytona has failed.
        boolean late = failure instanceof HungUpException gone && gone.waited.compareTo(patience) >= 0;
        // Anything else says nothing of Daytona; so a try that was to find out has found nothing.
        return late || state == CircuitBreakerState.HALF_OPEN;
    }

    private void changed(CircuitBreakerState now) {
        if (now == CircuitBreakerState.OPEN) {
            openedAt = System.nanoTime();
        }
        state = now;
        switch (now) {
            case OPEN -> LOG.warnf("Daytona fails: no more %s for %s", name, openFor);
            case HALF_OPEN -> LOG.debugf("The next of %s tries whether Daytona works again", name);
            case CLOSED -> LOG.infof("Daytona works again: %s go on", name);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> Class<Uni<T>> uni() {
        return (Class<Uni<T>>) (Class<?>) Uni.class;
    }

    /** The caller has gone. Nobody sees it but the library. */
    private static final class HungUpException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final Duration waited;

        HungUpException(Duration waited) {
            super("the caller has gone", null, false, false);
            this.waited = waited;
        }
    }
}
