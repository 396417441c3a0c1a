package dev.omni.daytona;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.daytona.DaytonaKeys.Verdict;
import dev.omni.daytona.DaytonaOperation.Lane;
import dev.omni.daytona.ErrorMapping.Origin;
import dev.omni.problem.RequestId;
import dev.omni.redaction.Redaction;
import dev.omni.secret.Secrets;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.rest.client.reactive.QuarkusRestClientBuilder;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ContextResolver;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.eclipse.microprofile.rest.client.ext.ClientHeadersFactory;
import org.eclipse.microprofile.rest.client.ext.ResponseExceptionMapper;

/**
 * Carries calls to Daytona: connections, headers, time limits and the mapping of failures, and in what order the governor,
 * the circuit and the bulkhead are asked. Calls are made, repeated and answered on the Vert.x context of the caller, so that
 * what is bound to it (log context, request scope) survives.
 */
@Singleton
class Transport {
    static final String VERSION_HEADER = "X-Daytona-SDK-Version";
    private static final String ORGANIZATION_HEADER = "X-Daytona-Organization-ID";

    private static final int UNAUTHORIZED = 401;
    /** How often a call is made again with another key: the newest may be refused, and then the one before it. */
    private static final int KEY_CHANGES = 2;

    /** After our own close frame, before the connection is cut. */
    private static final int CLOSING_SECONDS = 2;

    private final DaytonaConfig config;
    private final DaytonaKeys keys;
    private final Vertx vertx;
    private final ErrorMapping errors;
    private final DaytonaMeters meters;
    private final Governor governor;
    private final Circuits circuits;
    private final Map<Lane, Bulkhead> bulkheads = new EnumMap<>(Lane.class);
    private final ControlPlaneApi controlPlane;
    private final ToolboxApi toolbox;
    private final HttpClient http;
    private final WebSocketClient webSockets;

    @Inject
    Transport(
            DaytonaConfig config,
            Instance<DaytonaEndpoint> provided,
            Secrets secrets,
            Vertx vertx,
            MeterRegistry meters) {
        this(
                config,
                () -> configured(config, secrets.lastOf(DaytonaConfig.API_KEY))
                        .or(() -> provided.stream().findFirst()),
                vertx,
                meters);
        Redaction.know(keys::known);
    }

    /** @param offered the endpoint with the newest key; asked before every call */
    Transport(DaytonaConfig config, Supplier<Optional<DaytonaEndpoint>> offered, Vertx vertx, MeterRegistry registry) {
        this.config = config;
        this.meters = new DaytonaMeters(registry);
        this.keys = new DaytonaKeys(offered, this::ask, meters);
        this.vertx = vertx;
        this.errors = new ErrorMapping(keys::known);
        this.governor = new Governor(config.governor(), vertx, meters);
        this.circuits = new Circuits(config, meters);
        for (Lane lane : Lane.values()) {
            bulkheads.put(lane, bulkhead(lane));
        }
        this.controlPlane = client(ControlPlaneApi.class, Origin.CONTROL_PLANE);
        this.toolbox = client(ToolboxApi.class, Origin.TOOLBOX);
        this.http = vertx.createHttpClient(
                new HttpClientOptions()
                        .setConnectTimeout(
                                Math.toIntExact(config.timeouts().connect().toMillis())),
                new PoolOptions()
                        .setHttp1MaxSize(size(Lane.DOWNLOADS) + size(Lane.OUTPUTS))
                        .setMaxWaitQueueSize(config.bulkhead().maxWaiting()));
        this.webSockets = vertx.createWebSocketClient(new WebSocketClientOptions()
                .setConnectTimeout(Math.toIntExact(config.timeouts().connect().toMillis()))
                .setClosingTimeout(CLOSING_SECONDS)
                .setMaxConnections(config.follow().maxConnections()));
    }

    /** What is measured is there before the first call. */
    void start(@Observes StartupEvent event) {}

    @PreDestroy
    void close() {
        http.close();
        webSockets.close();
    }

    /** @param key as its file holds it now, or held it last; where it never had one, a setting will do */
    static Optional<DaytonaEndpoint> configured(DaytonaConfig config, Optional<String> key) {
        record Configured(URI apiUrl, String apiKey) implements DaytonaEndpoint {
            // Without the key.
            @Override
            public String toString() {
                return apiUrl.toString();
            }
        }
        return config.apiUrl().flatMap(url -> key.or(config::apiKey).map(text -> new Configured(url, text)));
    }

    boolean isConfigured() {
        return keys.current().isPresent();
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
        return keys.current().orElseThrow(() -> new DaytonaException(Kind.NOT_CONFIGURED, 0, "", null, null));
    }

    /** What every call carries. */
    Map<String, String> headers(DaytonaEndpoint endpoint) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Authorization", "Bearer " + endpoint.apiKey());
        headers.put("X-Daytona-Source", config.source());
        headers.put(VERSION_HEADER, config.version());
        headers.put("User-Agent", config.userAgent());
        config.organizationId().ifPresent(id -> headers.put(ORGANIZATION_HEADER, id));
        String requestId = RequestId.current();
        if (requestId != null) {
            headers.put(RequestId.HEADER, requestId);
        }
        return headers;
    }

    /** Makes a call to the control plane. */
    <T> Uni<T> call(DaytonaOperation operation, Duration limit, Function<DaytonaEndpoint, Uni<T>> call) {
        return call(operation, Place.CONTROL_PLANE, limit, call);
    }

    /**
     * Makes a call when Daytona's limits, its circuit and its bulkhead allow: once where it may have happened even if it
     * fails; one that changes nothing again when Daytona cannot be reached or is unavailable.
     *
     * @param limit of one try, from when it is sent
     */
    <T> Uni<T> call(DaytonaOperation operation, Place place, Duration limit, Function<DaytonaEndpoint, Uni<T>> call) {
        Lane lane = operation.lane();
        return Uni.createFrom().deferred(() -> {
            Executor context = callersContext();
            Circuit circuit = circuits.of(lane, place.host());
            Uni<T> sent = circuit.sent(() -> attempt(operation, limit, call).runSubscriptionOn(context));
            Uni<T> attempt = governor.admit(operation)
                    .chain(() -> bulkhead(lane, place, context, Uni.createFrom().deferred(() -> {
                        governor.recheck(operation);
                        return sent;
                    })))
                    .runSubscriptionOn(context);
            Uni<T> tries = circuit.call(() -> attempt);
            return (lane.repeats()
                            ? tries.ifNoItem().after(config.timeouts().total()).fail()
                            : tries)
                    .onFailure()
                    .transform(failure -> explained(operation, failure))
                    .emitOn(context);
        });
    }

    /** Makes a call again while Daytona answers with a status that says that it is only too early. */
    Uni<Void> soon(
            DaytonaOperation operation,
            Place place,
            Duration limit,
            int status,
            Function<DaytonaEndpoint, Uni<Void>> call) {
        return Uni.createFrom().deferred(() -> {
            Executor context = callersContext();
            return call(operation, place, limit, call)
                    .runSubscriptionOn(context)
                    .onFailure(e -> e instanceof DaytonaException d && d.status() == status)
                    .retry()
                    .withBackOff(Duration.ofMillis(100), Duration.ofMillis(300))
                    .atMost(4)
                    .emitOn(context);
        });
    }

    private <T> Uni<T> bulkhead(Lane lane, Place place, Executor context, Uni<T> attempt) {
        return bulkheadOf(lane).run(place.owner(), context, attempt);
    }

    /** One try, and another one where only the key was refused. Every request but those of streams goes through here. */
    private <T> Uni<T> attempt(DaytonaOperation operation, Duration limit, Function<DaytonaEndpoint, Uni<T>> call) {
        return withKey(
                operation.lane().toolbox() ? keys::anotherForToolbox : keys::another,
                used -> meters.timed(
                        operation,
                        Uni.createFrom()
                                .deferred(() -> call.apply(used))
                                .ifNoItem()
                                .after(limit)
                                .fail()
                                .onFailure()
                                .transform(errors::failure)
                                .onFailure(DaytonaException.class)
                                .invoke(failure -> heard(operation, failure))),
                KEY_CHANGES);
    }

    /** Makes a call, whatever it does, again where it was refused because of a key that has been replaced. */
    private <T> Uni<T> withKey(
            Function<DaytonaEndpoint, Uni<Boolean>> another, Function<DaytonaEndpoint, Uni<T>> call, int changes) {
        return Uni.createFrom().deferred(() -> {
            DaytonaEndpoint used = endpoint();
            Executor context = callersContext();
            return call.apply(used)
                    .onFailure(Transport::isUnauthorized)
                    .recoverWithUni(refusal -> another.apply(used)
                            .emitOn(context)
                            .chain(again -> again && changes > 0
                                    ? withKey(another, call, changes - 1)
                                    : Uni.createFrom().failure(refusal)));
        });
    }

    private void heard(DaytonaOperation operation, Throwable failure) {
        if (failure instanceof DaytonaException daytona && daytona.kind() == Kind.RATE_LIMITED && daytona.wasSent()) {
            governor.refused(operation, daytona);
        }
    }

    private Throwable explained(DaytonaOperation operation, Throwable failure) {
        Throwable explained = errors.failure(failure);
        if (explained instanceof DaytonaException daytona) {
            daytona.during(operation);
            if (daytona.isCircuitOpen()) {
                meters.circuitOpen(operation);
            }
        }
        return explained;
    }

    /**
     * Reads a stream of bytes, on demand; waits for its turn where its lane has a bulkhead. A stream that runs stays with the
     * key it was opened with.
     */
    Multi<Buffer> stream(
            DaytonaOperation operation,
            Place place,
            UpstreamStream.Patience patience,
            Supplier<UpstreamStream.Source> source) {
        Supplier<UpstreamStream.Source> admitted = () -> {
            // Streams are as many as jobs, all of which are polled as well: those tell whether Daytona is back.
            circuits.of(Lane.TOOLBOX_READS, place.host()).requireNotOpen();
            UpstreamStream.Source opened = source.get();
            return operation == DaytonaOperation.FOLLOW_LOG
                    ? opened
                    : new InTurn(bulkheadOf(operation.lane()).turn(place.owner()), opened);
        };
        return withKey(
                meters.counted(
                        operation,
                        new UpstreamStream(vertx, admitted, patience, failure -> explained(operation, failure))),
                KEY_CHANGES);
    }

    /** A stream that is refused has not begun. */
    private Multi<Buffer> withKey(Multi<Buffer> stream, int changes) {
        return Multi.createFrom().deferred(() -> {
            DaytonaEndpoint used = keys.current().orElse(null);
            Executor context = callersContext();
            return used == null
                    ? stream
                    : stream.onFailure(Transport::isUnauthorized)
                            .recoverWithMulti(refusal -> keys.anotherForToolbox(used)
                                    .emitOn(context)
                                    .onItem()
                                    .transformToMulti(again -> again && changes > 0
                                            ? withKey(stream, changes - 1)
                                            : Multi.createFrom().failure(refusal)));
        });
    }

    private static boolean isUnauthorized(Throwable failure) {
        return failure instanceof DaytonaException refusal && refusal.status() == UNAUTHORIZED;
    }

    /** Whether Daytona takes a key: lists one sandbox with it, which every key may, unless Daytona has told us to wait. */
    private Uni<Verdict> ask(DaytonaEndpoint endpoint) {
        String api = endpoint.apiUrl().toString().replaceFirst("/$", "");
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setAbsoluteURI(api + "/sandbox?limit=1")
                .setTimeout(config.timeouts().call().toMillis())
                .setFollowRedirects(false)
                .setHeaders(MultiMap.caseInsensitiveMultiMap().addAll(headers(endpoint)));
        return Uni.createFrom()
                .completionStage(() -> {
                    governor.recheck(DaytonaOperation.LIST_SANDBOXES);
                    return http.request(options)
                            .compose(HttpClientRequest::send)
                            .compose(answer -> {
                                governor.answered(answer.statusCode(), ErrorMapping.grouped(answer.headers()));
                                return answer.end().map(end -> answer.statusCode());
                            })
                            .toCompletionStage();
                })
                .ifNoItem()
                .after(config.timeouts().call())
                .fail()
                .map(status -> switch (status) {
                    case UNAUTHORIZED, 403 -> Verdict.REFUSED;
                    default -> status < 400 ? Verdict.ACCEPTED : Verdict.UNKNOWN;
                });
    }

    private Bulkhead bulkhead(Lane lane) {
        DaytonaConfig.Bulkheads sizes = config.bulkhead();
        Bulkhead bulkhead = new Bulkhead(
                vertx,
                size(lane),
                lane.toolbox() ? sizes.perUser() : size(lane),
                sizes.maxWaiting(),
                sizes.patience(),
                () -> meters.gotNoTurn(lane));
        meters.watch(lane, bulkhead);
        return bulkhead;
    }

    private Bulkhead bulkheadOf(Lane lane) {
        return Objects.requireNonNull(bulkheads.get(lane));
    }

    private int size(Lane lane) {
        DaytonaConfig.Bulkheads sizes = config.bulkhead();
        return switch (lane) {
            case STARTS -> sizes.starts();
            case CHANGES -> sizes.changes();
            case READS -> sizes.reads();
            case POLLS -> sizes.polls();
            case TOOLBOX_CHANGES -> sizes.toolboxChanges();
            case TOOLBOX_READS -> sizes.toolboxReads();
            case DOWNLOADS -> sizes.downloads();
            case OUTPUTS -> sizes.outputs();
        };
    }

    /** As many connections as there may be calls. */
    private int poolSize(Origin origin) {
        return Arrays.stream(Lane.values())
                .filter(lane -> !lane.streams() && lane.toolbox() == (origin == Origin.TOOLBOX))
                .mapToInt(this::size)
                .sum();
    }

    /** Runs things on the Vert.x context this is called on, at once where they are there already. */
    static Executor callersContext() {
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
        QuarkusRestClientBuilder builder = QuarkusRestClientBuilder.newBuilder()
                // Each call brings its own.
                .baseUri(URI.create("http://daytona.invalid"))
                .connectTimeout(config.timeouts().connect().toMillis(), TimeUnit.MILLISECONDS)
                .followRedirects(false)
                .disableDefaultMapper(true)
                .userAgent(config.userAgent())
                .clientHeadersFactory(new CurrentHeaders())
                .register(new LenientJson(), ContextResolver.class)
                .register(new Failures(origin))
                .httpClientOptionsCustomizer(options -> options.setMaxPoolSize(poolSize(origin))
                        .setMaxWaitQueueSize(config.bulkhead().maxWaiting()));
        if (origin == Origin.CONTROL_PLANE) {
            builder.register(governor);
        }
        return builder.build(api);
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
