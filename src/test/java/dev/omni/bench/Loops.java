package dev.omni.bench;

import io.vertx.core.AbstractVerticle;
import io.vertx.core.Context;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/**
 * Event loops to spread connections over. All that a thread outside of Vert.x opens lands on one and the same loop otherwise,
 * which would then be what is measured.
 */
final class Loops {
    private final List<Context> contexts = new CopyOnWriteArrayList<>();

    Loops(Vertx vertx, int count) {
        Http.await(vertx.deployVerticle(
                () -> new AbstractVerticle() {
                    @Override
                    public void start() {
                        contexts.add(context);
                    }
                },
                new DeploymentOptions().setInstances(count)));
    }

    int count() {
        return contexts.size();
    }

    /** Does something on one of them. */
    <T> Future<T> on(int index, Supplier<Future<T>> work) {
        Promise<T> done = Promise.promise();
        contexts.get(index % contexts.size()).runOnContext(go -> work.get().onComplete(done));
        return done.future();
    }
}
