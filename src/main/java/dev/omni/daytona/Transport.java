package dev.omni.daytona;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.daytona.ErrorMapping.Origin;
import dev.omni.problem.RequestId;
import dev.omni.redaction.Redaction;
import io.quarkus.rest.client.reactive.QuarkusRestClientBuilder;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ContextResolver;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.eclipse.microprofile.rest.client.ext.ClientHeadersFactory;
import org.eclipse.microprofile.rest.client.ext.ResponseExceptionMapper;

/**
 * Carries calls to Daytona: connections, headers, time limits, retries and the mapping of failures. Calls are made, retried
 * and answered on the Vert.x context of the caller, so that what is bound to it (log context, request scope) survives.
 */
@Singleton
class Transport {
    static final String VERSION_HEADER = "X-Daytona-SDK-Version";

    private static final int READ_RETRIES = 2;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
    private static final double JITTER = 0.5;

    /** After our own close frame, before the connection is cut. */
    private static final int CLOSING_SECONDS = 2;

    private final DaytonaConfig config;
    private final Supplier<Optional<DaytonaEndpoint>> endpoint;
    private final Vertx vertx;
    private final ErrorMapping errors;
    private final ControlPlaneApi controlPlane;
    private final ToolboxApi toolbox;
    private final HttpClient http;
    private final WebSocketClient webSockets;

    @Inject
    Transport(DaytonaConfig config, Instance<DaytonaEndpoint> provided, Vertx vertx) {
        this(config, () -> configured(config).or(() -> provided.stream().findFirst()), vertx);
        Redaction.know(
                () -> endpoint.get().map(DaytonaEndpoint::apiKey).stream().toList());
    }

    Transport(DaytonaConfig config, Supplier<Optional<DaytonaEndpoint>> endpoint, Vertx vertx) {
        this.config = config;
        this.endpoint = endpoint;
        this.vertx = vertx;
        this.errors = new ErrorMapping(
                () -> endpoint.get().map(DaytonaEndpoint::apiKey).orElse(null));
        this.controlPlane = client(ControlPlaneApi.class, Origin.CONTROL_PLANE);
        this.toolbox = client(ToolboxApi.class, Origin.TOOLBOX);
        this.http = vertx.createHttpClient(
                new HttpClientOptions()
                        .setConnectTimeout(
                                Math.toIntExact(config.timeouts().connect().toMillis())),
                new PoolOptions().setHttp1MaxSize(config.poolSize()).setMaxWaitQueueSize(config.maxWaiting()));
        this.webSockets = vertx.createWebSocketClient(new WebSocketClientOptions()
                .setConnectTimeout(Math.toIntExact(config.timeouts().connect().toMillis()))
                .setClosingTimeout(CLOSING_SECONDS)
                .setMaxConnections(config.follow().maxConnections()));
    }

    @PreDestroy
    void close() {
        http.close();
        webSockets.close();
    }

    static Optional<DaytonaEndpoint> configured(DaytonaConfig config) {
        record Configured(URI apiUrl, String apiKey) implements DaytonaEndpoint {
            // Without the key.
            @Override
            public String toString() {
                return apiUrl.toString();
            }
        }
        return config.apiUrl().flatMap(url -> config.apiKey().map(key -> new Configured(url, key)));
    }

    boolean isConfigured() {
        return endpoint.get().isPresent();
    }

    DaytonaConfig config() {
        return config;
    }

    ErrorMapping errors() {
        return errors;
    }

    ControlPlaneApi controlPlane() {
        return controlPlane;
    }

    ToolboxApi toolbox() {
        return toolbox;
    }

    HttpClient http() {
        return http;
    }

    WebSocketClient webSockets() {
        return webSockets;
    }

    /** The endpoint in force; fails as {@code NOT_CONFIGURED}. */
    DaytonaEndpoint endpoint() {
        return endpoint.get().orElseThrow(() -> new DaytonaException(Kind.NOT_CONFIGURED, 0, "", null, null));
    }

    /** What every call carries. */
    Map<String, String> headers(DaytonaEndpoint endpoint) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Authorization", "Bearer " + endpoint.apiKey());
        headers.put("X-Daytona-Source", config.source());
        headers.put(VERSION_HEADER, config.version());
        headers.put("User-Agent", config.userAgent());
        String requestId = RequestId.current();
        if (requestId != null) {
            headers.put(RequestId.HEADER, requestId);
        }
        return headers;
    }

    /** Makes a call that may have happened even if it fails: once. */
    <T> Uni<T> once(Duration limit, Function<DaytonaEndpoint, Uni<T>> call) {
        return Uni.createFrom().deferred(() -> attempt(limit, call).emitOn(callersContext()));
    }

    /** Makes a call that changes nothing: again when Daytona cannot be reached or is unavailable. */
    <T> Uni<T> read(Duration limit, Function<DaytonaEndpoint, Uni<T>> call) {
        return Uni.createFrom().deferred(() -> {
            Executor context = callersContext();
            return attempt(limit, call)
                    .runSubscriptionOn(context)
                    .onFailure(DaytonaException.is(Kind.UNAVAILABLE))
                    .retry()
                    .withBackOff(FIRST_PAUSE, LONGEST_PAUSE)
                    .withJitter(JITTER)
                    .atMost(READ_RETRIES)
                    .ifNoItem()
                    .after(config.timeouts().total())
                    .fail()
                    .onFailure()
                    .transform(errors::failure)
                    .emitOn(context);
        });
    }

    /** Makes a call again while Daytona answers with a status that says that it is only too early. */
    Uni<Void> soon(Duration limit, int status, Function<DaytonaEndpoint, Uni<Void>> call) {
        return Uni.createFrom().deferred(() -> {
            Executor context = callersContext();
            return attempt(limit, call)
                    .runSubscriptionOn(context)
                    .onFailure(e -> e instanceof DaytonaException d && d.status() == status)
                    .retry()
                    .withBackOff(Duration.ofMillis(100), Duration.ofMillis(300))
                    .atMost(4)
                    .emitOn(context);
        });
    }

    private <T> Uni<T> attempt(Duration limit, Function<DaytonaEndpoint, Uni<T>> call) {
        return Uni.createFrom()
                .deferred(() -> call.apply(endpoint()))
                .ifNoItem()
                .after(limit)
                .fail()
                .onFailure()
                .transform(errors::failure);
    }

    /** Reads a stream of bytes, on demand. */
    Multi<Buffer> stream(UpstreamStream.Patience patience, Supplier<UpstreamStream.Source> source) {
        return new UpstreamStream(vertx, source, patience, errors::failure);
    }

    /** Runs things on the Vert.x context this is called on, at once where they are there already. */
    private static Executor callersContext() {
        Context context = Vertx.currentContext();
        return context == null
                ? Runnable::run
                : action -> {
                    if (context.equals(Vertx.currentContext())) {
                        action.run();
                    } else {
                        context.runOnContext(v -> action.run());
                    }
                };
    }

    private <T> T client(Class<T> api, Origin origin) {
        return QuarkusRestClientBuilder.newBuilder()
                // Each call brings its own.
                .baseUri(URI.create("http://daytona.invalid"))
                .connectTimeout(config.timeouts().connect().toMillis(), TimeUnit.MILLISECONDS)
                .followRedirects(false)
                .disableDefaultMapper(true)
                .userAgent(config.userAgent())
                .clientHeadersFactory(new CurrentHeaders())
                .register(new LenientJson(), ContextResolver.class)
                .register(new Failures(origin))
                .httpClientOptionsCustomizer(
                        options -> options.setMaxPoolSize(config.poolSize()).setMaxWaitQueueSize(config.maxWaiting()))
                .build(api);
    }

    private final class CurrentHeaders implements ClientHeadersFactory {
        @Override
        public MultivaluedMap<String, String> update(
                MultivaluedMap<String, String> incoming, MultivaluedMap<String, String> outgoing) {
            // Only ours: what our caller sent to us is not Daytona's business.
            headers(endpoint()).forEach(outgoing::putSingle);
            return outgoing;
        }
    }

    private static final class LenientJson implements ContextResolver<ObjectMapper> {
        @Override
        public ObjectMapper getContext(Class<?> type) {
            return Wire.JSON;
        }
    }

    private final class Failures implements ResponseExceptionMapper<DaytonaException> {
        private final Origin origin;

        Failures(Origin origin) {
            this.origin = origin;
        }

        /** Redirects too: we follow none, and an answer without its body must not look like a success. */
        @Override
        public boolean handles(int status, MultivaluedMap<String, Object> headers) {
            return status >= 300;
        }

        @Override
        public DaytonaException toThrowable(Response response) {
            String body = response.hasEntity() ? response.readEntity(String.class) : null;
            Map<String, List<String>> headers = response.getStringHeaders();
            return errors.answer(origin, response.getStatus(), headers, body == null ? "" : body);
        }
    }
}
