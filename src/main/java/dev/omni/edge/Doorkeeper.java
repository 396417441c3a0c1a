package dev.omni.edge;

import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.impl.VertxInternal;
import jakarta.inject.Singleton;

/** Has every connection guarded, from before the first is accepted. */
@Singleton
class Doorkeeper implements HttpServerOptionsCustomizer {
    private final Vertx vertx;
    private final BareAnswers answers;
    private final EdgeConfig config;

    Doorkeeper(Vertx vertx, BareAnswers answers, EdgeConfig config) {
        this.vertx = vertx;
        this.answers = answers;
        this.config = config;
    }

    @Override
    public void customizeHttpServer(HttpServerOptions options) {
        if (vertx instanceof VertxInternal internal && internal.transport() instanceof GuardedTransport transport) {
            transport.guard(() -> new ConnectionGuard(answers, config));
        }
    }
}
