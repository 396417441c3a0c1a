package dev.omni.sandbox;

import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Asks again, ever more slowly, until the answer will do. Timers are Vert.x's, so a request stays in its context. */
@ApplicationScoped
public class Polling {
    static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    /** Slow enough for many waiting callers, fast enough that none of them notices. */
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

    private final Vertx vertx;

    Polling(Vertx vertx) {
        this.vertx = vertx;
    }

    /** Answers with the first answer that is enough, or with the last one when the time is over. Failures end it. */
    public <T> Uni<T> until(Predicate<? super T> enough, Duration limit, Supplier<Uni<T>> ask) {
        return Uni.createFrom().deferred(() -> until(enough, System.nanoTime() + limit.toNanos(), FIRST_PAUSE, ask));
    }

    private <T> Uni<T> until(Predicate<? super T> enough, long deadline, Duration pause, Supplier<Uni<T>> ask) {
        return ask.get().onItem().transformToUni(answer -> {
            Duration left = Duration.ofNanos(deadline - System.nanoTime());
            if (enough.test(answer) || !left.isPositive()) {
                return Uni.createFrom().item(answer);
            }
            Duration next = pause.multipliedBy(3).dividedBy(2);
            return pause(shorter(jittered(pause), left))
                    .onItem()
                    .transformToUni(nothing -> until(enough, deadline, shorter(next, LONGEST_PAUSE), ask));
        });
    }

    /** Completes after a while; cancelling forgets it. */
    Uni<Void> pause(Duration time) {
        return Uni.createFrom().emitter(emitter -> {
            long timer = vertx.setTimer(Math.max(1, time.toMillis()), id -> emitter.complete(null));
            emitter.onTermination(() -> vertx.cancelTimer(timer));
        });
    }

    /** Up to a fifth more or less, so that callers who began together do not ask together. */
    private static Duration jittered(Duration pause) {
        return pause.plusMillis(
                Math.round(pause.toMillis() * ThreadLocalRandom.current().nextDouble(-0.2, 0.2)));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }
}
