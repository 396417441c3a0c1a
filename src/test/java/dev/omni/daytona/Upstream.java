package dev.omni.daytona;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A real server on loopback that does what a test tells it to, and remembers what it was asked. */
final class Upstream implements AutoCloseable {
    static final String KEY = "dtn_0123456789abcdef";

    /** A request as it came in. */
    record Received(String method, String uri, MultiMap headers, String body) {}

    final List<Received> received = new CopyOnWriteArrayList<>();
    private final HttpServer server;
    private volatile Handler<HttpServerRequest> behaviour =
            request -> request.response().setStatusCode(500).end("nothing was expected");

    Upstream(Vertx vertx) {
        server = vertx.createHttpServer(new HttpServerOptions().setMaxFormAttributeSize(-1))
                .requestHandler(this::receive)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    void does(Handler<HttpServerRequest> behaviour) {
        this.behaviour = behaviour;
    }

    /** Answers every request alike. */
    void answers(int status, @Nullable String contentType, String body) {
        does(request -> {
            if (contentType != null) {
                request.response().putHeader("Content-Type", contentType);
            }
            request.response().setStatusCode(status).end(body);
        });
    }

    void answersJson(int status, String body) {
        answers(status, "application/json", body);
    }

    Received last() {
        return received.getLast();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.actualPort());
    }

    DaytonaEndpoint endpoint() {
        URI apiUrl = uri().resolve("/api");
        return new DaytonaEndpoint() {
            @Override
            public URI apiUrl() {
                return apiUrl;
            }

            @Override
            public String apiKey() {
                return KEY;
            }
        };
    }

    /** The configuration with its defaults, but for these. */
    static DaytonaConfig config(Map<String, String> values) {
        return new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withConverter(MemorySize.class, 200, new io.quarkus.runtime.configuration.MemorySizeConverter())
                .withSources(new PropertiesConfigSource(values, "test", 100))
                .withMapping(DaytonaConfig.class)
                .build()
                .getConfigMapping(DaytonaConfig.class);
    }

    @Override
    public void close() {
        server.close().toCompletionStage().toCompletableFuture().join();
    }

    private void receive(HttpServerRequest request) {
        if (request.headers().contains("Upgrade")) {
            received.add(new Received(request.method().name(), request.uri(), request.headers(), ""));
            behaviour.handle(request);
            return;
        }
        request.body().onSuccess(body -> {
            received.add(new Received(request.method().name(), request.uri(), request.headers(), body.toString()));
            behaviour.handle(request);
        });
    }
}
