package dev.omni.job;

import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/** Waits on the caller's event loop, so that its context goes on behind the wait. */
@ApplicationScoped
class Timer {
    private final Vertx vertx;

    Timer(Vertx vertx) {
        this.vertx = vertx;
    }

    Uni<Void> after(Duration delay) {
        return Uni.createFrom().emitter(emitter -> {
            long id = vertx.setTimer(Math.max(1, delay.toMillis()), fired -> emitter.complete(null));
            emitter.onTermination(() -> vertx.cancelTimer(id));
        });
    }
}
