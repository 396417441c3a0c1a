package dev.omni.daytona;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.DaytonaException.Kind;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.common.vertx.VertxContext;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.MDC;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against a real server on loopback. Within Quarkus, since its REST client needs that to be built. */
@QuarkusTest
class DaytonaClientTest {
    private static final String ID = "0b6f1c1e-0000-4000-8000-000000000001";
    private static final String SANDBOX = """
            {"id":"%s","name":"job-42","snapshot":"my-snap","labels":{"a":"1"},"state":"started","cpu":1,"memory":1,
             "disk":3,"autoStopInterval":15,"autoArchiveInterval":10080,"autoDeleteInterval":-1,
             "createdAt":"2026-06-25T10:00:00.000Z","lastActivityAt":"2026-06-25T10:00:01.000Z",
             "toolboxProxyUrl":"https://proxy.app.daytona.io/toolbox"}""".formatted(ID);

    @Inject
    Vertx vertx;

    @Inject
    Daytona ofTheService;

    @Inject
    Instance<DaytonaEndpoint> endpoints;

    private final MeterRegistry meters = new SimpleMeterRegistry();
    private Upstream upstream;
    private Transport transport;
    private Daytona daytona;

    @BeforeEach
    void serve() {
        upstream = new Upstream(vertx);
        use(Map.of());
    }

    @AfterEach
    void close() {
        transport.close();
        upstream.close();
    }

    private void use(Map<String, String> config) {
        if (transport != null) {
            transport.close();
        }
        transport = new Transport(Upstream.config(config), () -> Optional.of(upstream.endpoint()), vertx, meters);
        daytona = new Daytona(transport);
    }

    private Toolbox toolbox() {
        return daytona.toolbox(ID, "owner", upstream.uri().resolve("/toolbox"));
    }

    // ---- headers

    @Test
    void everyCallSaysWhoCalls() {
        upstream.answersJson(200, SANDBOX);

        onContext("req-1", () -> daytona.get(ID));

        Upstream.Received request = upstream.last();
        assertThat(request.method()).isEqualTo("GET");
        assertThat(request.uri()).isEqualTo("/api/sandbox/" + ID);
        assertThat(request.headers().get("Authorization")).isEqualTo("Bearer " + Upstream.KEY);
        assertThat(request.headers().get("X-Daytona-Source")).isEqualTo("omni");
        assertThat(request.headers().get("X-Daytona-SDK-Version")).isEqualTo("0.190.0");
        assertThat(request.headers().get("User-Agent")).startsWith("omni/");
        assertThat(request.headers().get("X-Request-Id")).isEqualTo("req-1");
    }

    @Test
    void theHandshakeOfALogStreamCarriesTheSameHeaders() {
        upstream.does(request -> request.toWebSocket().onSuccess(socket -> socket.close((short) 1000)));

        onContext("req-2", () -> toolbox().followLog("s", "c").collect().asList());

        Upstream.Received request = upstream.last();
        assertThat(request.uri()).isEqualTo("/toolbox/" + ID + "/process/session/s/command/c/logs?follow=true");
        assertThat(request.headers().get("Upgrade")).isEqualTo("websocket");
        assertThat(request.headers().get("Authorization")).isEqualTo("Bearer " + Upstream.KEY);
        assertThat(request.headers().get("X-Daytona-Source")).isEqualTo("omni");
        assertThat(request.headers().get("X-Daytona-SDK-Version")).isEqualTo("0.190.0");
        assertThat(request.headers().get("User-Agent")).startsWith("omni/");
        assertThat(request.headers().get("X-Request-Id")).isEqualTo("req-2");
        assertThat(request.headers().contains("Origin")).isFalse();
        assertThat(request.headers().contains("Sec-WebSocket-Extensions")).isFalse();
    }

    @Test
    void theRawLogIsAskedForWithoutAVersion() {
        byte[] raw = {1, 1, 1, 'h', 'i', '\n', 2, 2, 2, (byte) 0xff, '\n'};
        upstream.does(request ->
                request.response().putHeader("Content-Type", "text/plain").end(Buffer.buffer(raw)));

        List<Buffer> log =
                toolbox().readLog("s", "c").collect().asList().await().atMost(Duration.ofSeconds(5));

        Buffer read = Buffer.buffer();
        log.forEach(read::appendBuffer);
        assertThat(read.getBytes()).isEqualTo(raw);
        assertThat(upstream.last().headers().get("X-Daytona-Split-Output")).isEqualTo("true");
        assertThat(upstream.last().headers().contains("X-Daytona-SDK-Version")).isFalse();
        assertThat(upstream.last().headers().get("Authorization")).isEqualTo("Bearer " + Upstream.KEY);
    }

    // ---- configuration

    @Test
    void theServiceIsConfiguredWhenAddressAndKeyAreSetOrABeanTellsThem() {
        Config config = ConfigProvider.getConfig();
        boolean set = config.getOptionalValue("omni.daytona.api-url", String.class)
                        .isPresent()
                && config.getOptionalValue("omni.daytona.api-key", String.class).isPresent();

        assertThat(ofTheService.isConfigured()).isEqualTo(set || endpoints.isResolvable());
    }

    @ParameterizedTest
    @CsvSource({"true, true, true", "true, false, false", "false, true, false", "false, false, false"})
    void theConfigurationCountsOnlyAsAWhole(boolean url, boolean key, boolean configured) {
        Map<String, String> values = new HashMap<>();
        if (url) {
            values.put("omni.daytona.api-url", upstream.uri().toString());
        }
        if (key) {
            values.put("omni.daytona.api-key", "the-key");
        }

        assertThat(Transport.configured(Upstream.config(values), Optional.empty())
                        .isPresent())
                .isEqualTo(configured);
        assertThat(String.valueOf(Transport.configured(Upstream.config(values), Optional.empty())))
                .doesNotContain("the-key");
    }

    @Test
    void withoutAnEndpointEveryCallFailsBeforeAnyIo() {
        transport.close();
        transport = new Transport(Upstream.config(Map.of()), Optional::empty, vertx, meters);
        daytona = new Daytona(transport);

        assertThat(daytona.isConfigured()).isFalse();
        assertThat(failure(daytona.get(ID)).kind()).isEqualTo(Kind.NOT_CONFIGURED);
        assertThat(failure(daytona.delete(ID)).kind()).isEqualTo(Kind.NOT_CONFIGURED);
        assertThat(failure(toolbox().sessions()).kind()).isEqualTo(Kind.NOT_CONFIGURED);
        assertThat(failure(toolbox().download("/x", 1)).kind()).isEqualTo(Kind.NOT_CONFIGURED);
        assertThat(failure(toolbox().followLog("s", "c").toUni()).kind()).isEqualTo(Kind.NOT_CONFIGURED);
        assertThat(upstream.received).isEmpty();
    }

    // ---- reading answers

    @Test
    void aSandboxIsReadInFull() {
        upstream.answersJson(200, SANDBOX);

        assertThat(get(daytona.get(ID)))
                .isEqualTo(new RemoteSandbox(
                        ID,
                        "job-42",
                        "my-snap",
                        Map.of("a", "1"),
                        RemoteState.STARTED,
                        false,
                        1,
                        1,
                        3,
                        15,
                        10080,
                        -1,
                        Instant.parse("2026-06-25T10:00:00Z"),
                        Instant.parse("2026-06-25T10:00:01Z"),
                        URI.create("https://proxy.app.daytona.io/toolbox")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\"snapshot\":null,\"errorReason\":null,\"labels\":null,\"lastActivityAt\":null,"})
    void whatIsAbsentAndWhatIsNullIsTheSame(String nulls) {
        upstream.answersJson(200, """
                {%s"id":"x","createdAt":"2026-06-25T10:00:00.000Z","toolboxProxyUrl":"https://p/toolbox",
                 "state":"hibernating","cpu":"2","memory":1.5,"brandNew":{"a":[1]}}""".formatted(nulls));

        RemoteSandbox sandbox = get(daytona.get("x"));

        assertThat(sandbox.snapshot()).isNull();
        assertThat(sandbox.recoverable()).isFalse();
        assertThat(sandbox.lastActivityAt()).isNull();
        assertThat(sandbox.labels()).isEmpty();
        assertThat(sandbox.name()).isEqualTo("x");
        assertThat(sandbox.state()).isEqualTo(RemoteState.OTHER);
        assertThat(sandbox.cpu()).isEqualTo(2);
        assertThat(sandbox.memoryGiB()).isEqualTo(1.5);
        assertThat(sandbox.autoDeleteMinutes()).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "application/json | {\"id\":",
                "application/json | []",
                "application/json | {\"name\":\"no id\"}",
                "application/json | ''",
                "text/html | <html>welcome to the hotel</html>"
            })
    void anAnswerThatCannotBeReadFails(String contentType, String body) {
        upstream.answers(200, contentType, body);

        assertThat(failure(daytona.get(ID)).kind()).isEqualTo(Kind.FAILED);
    }

    @Test
    void redirectsAreNotFollowed() {
        upstream.does(request -> request.response()
                .setStatusCode(302)
                .putHeader("Location", upstream.uri() + "/elsewhere")
                .end());

        assertThat(failure(daytona.get(ID)).kind()).isEqualTo(Kind.FAILED);
        assertThat(failure(daytona.delete(ID)).kind()).isEqualTo(Kind.FAILED);
        assertThat(failure(toolbox().download("/x", 10)).kind()).isEqualTo(Kind.FAILED);
        assertThat(upstream.received).extracting(Upstream.Received::uri).doesNotContain("/elsewhere");
    }

    @Test
    void a429TellsHowLongToWait() {
        upstream.does(request -> request.response()
                .setStatusCode(429)
                .putHeader("Retry-After-sandbox-create", "17")
                .putHeader("Content-Type", "application/json")
                .end("{\"message\":\"ThrottlerException: Too Many Requests\"}"));

        DaytonaException e = failure(daytona.create(newSandbox()));

        assertThat(e.kind()).isEqualTo(Kind.RATE_LIMITED);
        assertThat(e.retryAfter()).isEqualTo(Duration.ofSeconds(17));
        assertThat(e.upstreamMessage()).isEqualTo("ThrottlerException: Too Many Requests");
    }

    // ---- control plane calls

    @Test
    void createSendsWhatIsKnownAndNoNulls() {
        upstream.answersJson(200, SANDBOX);

        get(daytona.create(newSandbox()));

        assertThat(upstream.last().method()).isEqualTo("POST");
        assertThat(upstream.last().uri()).isEqualTo("/api/sandbox");
        assertThat(upstream.last().body())
                .isEqualTo("{\"name\":\"n\",\"env\":{\"A\":\"1\"},\"labels\":{\"owner\":\"alice\"},"
                        + "\"autoStopInterval\":15,\"networkAllowList\":\"10.0.0.0/8,1.1.1.1/32\"}");
    }

    @Test
    void listAsksForLabelsStatesAndThePage() {
        upstream.answersJson(200, "{\"items\":[" + SANDBOX + "],\"nextCursor\":\"bmV4dA==\"}");

        Page<RemoteSandbox> page =
                get(daytona.list(Map.of("owner", "a&b={c}%20"), Set.of(RemoteState.STARTED), 50, "cur="));

        assertThat(page.items()).extracting(RemoteSandbox::id).containsExactly(ID);
        assertThat(page.nextCursor()).isEqualTo("bmV4dA==");
        Map<String, List<String>> query = new QueryStringDecoder(upstream.last().uri()).parameters();
        assertThat(query)
                .isEqualTo(Map.of(
                        "labels", List.of("{\"owner\":\"a&b={c}%20\"}"),
                        "states", List.of("started"),
                        "limit", List.of("50"),
                        "cursor", List.of("cur="),
                        "sort", List.of("createdAt"),
                        "order", List.of("desc")));
    }

    @Test
    void theLastPageHasNoCursor() {
        upstream.answersJson(200, "{\"items\":[],\"nextCursor\":null}");

        assertThat(get(daytona.list(Map.of(), Set.of(), 1, null)).nextCursor()).isNull();
        assertThat(upstream.last().uri()).doesNotContain("labels", "states", "cursor");
    }

    @Test
    void stoppingWhatIsStoppedIsASuccess() {
        upstream.does(request -> {
            boolean asked = request.method().name().equals("GET");
            request.response()
                    .setStatusCode(asked ? 200 : 400)
                    .putHeader("Content-Type", "application/json")
                    .end(
                            asked
                                    ? SANDBOX.replace("started", "stopped")
                                    : "{\"message\":\"Sandbox is not in a stoppable state\"}");
        });

        get(daytona.stop(ID));

        assertThat(upstream.received).extracting(Upstream.Received::method).containsExactly("POST", "GET");
    }

    @Test
    void stoppingWhatCannotBeStoppedFails() {
        upstream.does(request -> {
            boolean asked = request.method().name().equals("GET");
            request.response()
                    .setStatusCode(asked ? 200 : 400)
                    .putHeader("Content-Type", "application/json")
                    .end(asked ? SANDBOX.replace("started", "error") : "{}");
        });

        assertThat(failure(daytona.stop(ID)).kind()).isEqualTo(Kind.BAD_REQUEST);
    }

    @Test
    void deletingWhatIsGoneIsASuccess() {
        upstream.answersJson(404, "{}");

        get(daytona.delete(ID));
        get(toolbox().deleteSession("s"));

        assertThat(upstream.received).extracting(Upstream.Received::method).containsExactly("DELETE", "DELETE");
    }

    @Test
    void startWithAnEmptyAnswerAsksForTheSandbox() {
        upstream.does(request -> {
            if (request.method().name().equals("POST")) {
                request.response().end();
            } else {
                request.response().putHeader("Content-Type", "application/json").end(SANDBOX);
            }
        });

        assertThat(get(daytona.start(ID)).id()).isEqualTo(ID);
    }

    @Test
    void changesGoToTheirRoutesAndNeedNoAnswer() {
        upstream.answers(201, null, "");

        get(daytona.setLabels(ID, Map.of("a", "b")));
        assertThat(upstream.last().body()).isEqualTo("{\"labels\":{\"a\":\"b\"}}");
        get(daytona.setAutoStop(ID, 1));
        get(daytona.setAutoArchive(ID, 2));
        get(daytona.setAutoDelete(ID, -1));
        get(daytona.archive(ID));

        assertThat(upstream.received)
                .extracting(r -> r.method() + " " + r.uri().substring("/api/sandbox/".length() + ID.length()))
                .containsExactly(
                        "PUT /labels",
                        "POST /autostop/1",
                        "POST /autoarchive/2",
                        "POST /autodelete/-1",
                        "POST /archive");
    }

    // ---- retries and time limits

    @Test
    void aReadIsRepeatedWhenTheConnectionBreaks() {
        AtomicInteger tries = new AtomicInteger();
        upstream.does(request -> {
            if (tries.incrementAndGet() < 3) {
                request.connection().close();
            } else {
                request.response().putHeader("Content-Type", "application/json").end(SANDBOX);
            }
        });

        assertThat(onContext("req-3", () -> daytona.get(ID)).id()).isEqualTo(ID);
        assertThat(upstream.received)
                .hasSize(3)
                .allSatisfy(r -> assertThat(r.headers().get("X-Request-Id")).isEqualTo("req-3"));
    }

    @Test
    void aReadIsRepeatedTwiceAtMost() {
        upstream.answers(503, null, "");

        assertThat(failure(daytona.get(ID)).kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(upstream.received).hasSize(3);
    }

    @Test
    void aCallThatMayHaveHappenedIsNotRepeated() {
        upstream.does(request -> request.connection().close());

        assertThat(failure(daytona.create(newSandbox())).kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(failure(daytona.delete(ID)).kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(failure(toolbox().createSession("s")).kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(upstream.received).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 403, 404, 409, 429, 500})
    void aRefusalIsNotRepeated(int status) {
        upstream.answers(status, null, "");

        failure(daytona.get(ID));

        assertThat(upstream.received).hasSize(1);
    }

    @Test
    void aCallThatTakesTooLongFailsAndIsAbandoned() {
        use(Map.of("omni.daytona.timeouts.call", "200ms"));
        AtomicBoolean abandoned = new AtomicBoolean();
        upstream.does(request -> request.connection().closeHandler(v -> abandoned.set(true)));

        assertThat(failure(daytona.get(ID)).kind()).isEqualTo(Kind.TIMEOUT);
        await().untilTrue(abandoned);
    }

    @Test
    void allTriesTogetherHaveALimit() {
        use(Map.of("omni.daytona.timeouts.total", "100ms"));
        upstream.answers(503, null, "");

        assertThat(failure(daytona.get(ID)).kind()).isEqualTo(Kind.TIMEOUT);
        assertThat(upstream.received).hasSize(1);
    }

    @Test
    void inputIsRepeatedWhileTheCommandHasNoPipeYet() {
        AtomicInteger tries = new AtomicInteger();
        upstream.does(request -> request.response()
                .setStatusCode(tries.incrementAndGet() < 3 ? 500 : 204)
                .end());

        get(toolbox().input("s", "c", "hello\n"));

        assertThat(upstream.received).hasSize(3);
        assertThat(upstream.last().body()).isEqualTo("{\"data\":\"hello\\n\"}");
    }

    // ---- toolbox calls

    @Test
    void sessionsAndCommandsAreRead() {
        upstream.does(request -> {
            String body = switch (request.uri().substring(("/toolbox/" + ID).length())) {
                case "/user-home-dir" -> "{\"dir\":\"/home/daytona\"}";
                case "/process/session" ->
                    "[{\"sessionId\":\"s\",\"commands\":null},{\"sessionId\":\"t\",\"commands\":[]}]";
                case "/process/session/s" ->
                    "{\"sessionId\":\"s\",\"commands\":[{\"id\":\"c\",\"command\":\"ls\",\"exitCode\":0}]}";
                case "/process/session/s/command/c" -> "{\"id\":\"c\",\"command\":\"ls\"}";
                case "/process/session/s/exec" -> "{\"cmdId\":\"c\",\"output\":null,\"exitCode\":null}";
                case "/process/execute" -> "{\"exitCode\":3,\"result\":\"out\"}";
                default -> "{}";
            };
            request.response().putHeader("Content-Type", "application/json").end(body);
        });

        assertThat(get(toolbox().homeDirectory())).isEqualTo("/home/daytona");
        assertThat(get(toolbox().sessions())).containsExactly(new Session("s", List.of()), new Session("t", List.of()));
        assertThat(get(toolbox().session("s")).commands()).containsExactly(new Session.Command("c", "ls", 0));
        assertThat(get(toolbox().command("s", "c"))).isEqualTo(new Session.Command("c", "ls", null));
        assertThat(get(toolbox().start("s", "make"))).isEqualTo("c");
        assertThat(upstream.last().body())
                .isEqualTo("{\"command\":\"make\",\"runAsync\":true,\"suppressInputEcho\":true}");
        assertThat(get(toolbox().execute("ls", Map.of("A", "b"), Duration.ofMillis(1500))))
                .isEqualTo(new Toolbox.Execution(3, "out"));
        assertThat(upstream.last().body()).isEqualTo("{\"command\":\"ls\",\"timeout\":2,\"envs\":{\"A\":\"b\"}}");
    }

    @Test
    void anUploadNamesThePathBeforeTheFile() {
        upstream.answersJson(200, "{\"files\":[]}");

        get(toolbox().upload("/tmp/ä b.txt", Buffer.buffer("content\n")));

        String body = upstream.last().body();
        assertThat(upstream.last().uri()).isEqualTo("/toolbox/" + ID + "/files/bulk-upload");
        assertThat(upstream.last().headers().get("Content-Type")).startsWith("multipart/form-data");
        assertThat(body).contains("name=\"files[0].path\"", "/tmp/ä b.txt", "name=\"files[0].file\"", "content\n");
        assertThat(body.indexOf("files[0].path")).isLessThan(body.indexOf("files[0].file"));
    }

    @Test
    void aDownloadStopsAtItsLimit() {
        AtomicInteger sent = new AtomicInteger();
        AtomicBoolean cut = new AtomicBoolean();
        upstream.does(request -> {
            request.response().setChunked(true);
            request.connection().closeHandler(v -> cut.set(true));
            pump(request, sent, 64 * 1024);
        });

        DaytonaException e = failure(toolbox().download("/a b+c/{ü}&%20", 10_000));

        assertThat(e.kind()).isEqualTo(Kind.FAILED);
        QueryStringDecoder asked = new QueryStringDecoder(upstream.last().uri());
        assertThat(asked.path()).isEqualTo("/toolbox/" + ID + "/files/download");
        assertThat(asked.parameters()).isEqualTo(Map.of("path", List.of("/a b+c/{ü}&%20")));
        await().untilTrue(cut);
        assertThat(sent.get()).isLessThan(64 * 1024);
    }

    @Test
    void aDownloadWithinItsLimitIsWhole() {
        upstream.answers(200, "application/octet-stream", "x".repeat(10_000));

        assertThat(get(toolbox().download("/f", 10_000)).length()).isEqualTo(10_000);
    }

    @Test
    void aFileThatIsNotThereIsNotFound() {
        upstream.answers(404, null, "");

        assertThat(failure(toolbox().download("/f", 10)).kind()).isEqualTo(Kind.NOT_FOUND);
    }

    @Test
    void aLogIsReadOnDemandAndCancellingCutsIt() {
        AtomicInteger sent = new AtomicInteger();
        AtomicBoolean cut = new AtomicBoolean();
        upstream.does(request -> {
            request.response().setChunked(true);
            request.connection().closeHandler(v -> cut.set(true));
            pump(request, sent, 64 * 1024);
        });

        Reader reader = Reader.of(toolbox().readLog("s", "c")).request(1);
        reader.awaitCount(1);
        AtomicInteger before = new AtomicInteger(-1);
        // It stops sending once what lies between is full.
        await().during(Duration.ofMillis(200))
                .until(() -> before.getAndSet(sent.get()) == sent.get() && sent.get() < 64 * 1024);
        assertThat(reader.count()).isEqualTo(1);
        reader.cancel();

        await().untilTrue(cut);
    }

    @Test
    void aLogThatBreaksOffFails() {
        upstream.does(request -> {
            request.response()
                    .putHeader("Content-Length", "100")
                    .write("abc")
                    .onComplete(v -> request.connection().close());
        });

        assertThat(Reader.of(toolbox().readLog("s", "c"))
                        .request(Long.MAX_VALUE)
                        .awaitFailure()
                        .kind())
                .isEqualTo(Kind.UNAVAILABLE);
    }

    @Test
    void aLogThatFallsSilentTimesOut() {
        use(Map.of("omni.daytona.timeouts.toolbox", "150ms"));
        upstream.does(request -> request.response().setChunked(true).write("abc"));

        Reader reader = Reader.of(toolbox().readLog("s", "c")).request(Long.MAX_VALUE);

        assertThat(reader.awaitFailure().kind()).isEqualTo(Kind.TIMEOUT);
        assertThat(reader.bytes()).hasToString("abc");
    }

    @Test
    void aLogBeyondTheLimitFails() {
        use(Map.of("omni.daytona.max-log-size", "1K"));
        upstream.answers(200, "text/plain", "x".repeat(2000));

        assertThat(Reader.of(toolbox().readLog("s", "c"))
                        .request(Long.MAX_VALUE)
                        .awaitFailure()
                        .kind())
                .isEqualTo(Kind.FAILED);
    }

    @Test
    void aSandboxThatDoesNotRunIsToldFromABadRequest() {
        upstream.answersJson(
                400, "{\"message\":\"bad request: failed to resolve container IP: no IP address found.\"}");

        assertThat(failure(toolbox().sessions()).kind()).isEqualTo(Kind.NOT_RUNNING);
        assertThat(failure(toolbox().readLog("s", "c").toUni()).kind()).isEqualTo(Kind.NOT_RUNNING);
    }

    // ---- where the key may go

    @ParameterizedTest
    @CsvSource({
        "https://127.0.0.1.evil.example/toolbox",
        "https://evil.example/toolbox",
        "https://key@127.0.0.1/toolbox",
        "ftp://127.0.0.1/toolbox",
        "/toolbox"
    })
    void theKeyIsNotSentToOtherHosts(URI proxy) {
        Toolbox toolbox = daytona.toolbox(ID, "owner", proxy);

        assertThat(failure(toolbox.sessions()).kind()).isEqualTo(Kind.FAILED);
        assertThat(failure(toolbox.createSession("s")).kind()).isEqualTo(Kind.FAILED);
        assertThat(failure(toolbox.readLog("s", "c").toUni()).kind()).isEqualTo(Kind.FAILED);
        assertThat(failure(toolbox.followLog("s", "c").toUni()).kind()).isEqualTo(Kind.FAILED);
    }

    @Test
    void aHostOnTheListIsAllowed() {
        upstream.answersJson(200, "[]");
        URI proxy = URI.create(upstream.uri().toString().replace("127.0.0.1", "localhost") + "/toolbox");

        assertThat(failure(daytona.toolbox(ID, "owner", proxy).sessions()).kind())
                .isEqualTo(Kind.FAILED);
        use(Map.of("omni.daytona.toolbox-hosts", "proxy.example,localhost"));
        assertThat(get(daytona.toolbox(ID, "owner", proxy).sessions())).isEmpty();
    }

    // ---- helpers

    private static NewSandbox newSandbox() {
        return new NewSandbox(
                "n",
                null,
                Map.of("A", "1"),
                Map.of("owner", "alice"),
                null,
                null,
                null,
                15,
                null,
                null,
                false,
                List.of("10.0.0.0/8", "1.1.1.1/32"));
    }

    private static void pump(HttpServerRequest request, AtomicInteger sent, int kilobytes) {
        while (!request.response().closed() && !request.response().writeQueueFull() && sent.get() < kilobytes) {
            request.response().write(Buffer.buffer(new byte[1024]));
            sent.incrementAndGet();
        }
        if (sent.get() >= kilobytes) {
            request.response().end();
        } else {
            request.response().drainHandler(v -> pump(request, sent, kilobytes));
        }
    }

    /** Makes a call as a request of ours would: on a context of its own, with its id in the log context. */
    private <T> T onContext(String requestId, Supplier<Uni<T>> call) {
        Context context = Objects.requireNonNull(VertxContext.createNewDuplicatedContext(vertx.getOrCreateContext()));
        CompletableFuture<T> result = new CompletableFuture<>();
        CompletableFuture<Context> endedOn = new CompletableFuture<>();
        context.runOnContext(v -> {
            MDC.put("requestId", requestId);
            call.get()
                    .onTermination()
                    .invoke(() -> endedOn.complete(Vertx.currentContext()))
                    .subscribe()
                    .with(result::complete, result::completeExceptionally);
        });
        T item = result.join();
        assertThat(endedOn.join()).isSameAs(context);
        return item;
    }

    private static <T> T get(Uni<T> call) {
        return call.ifNoItem()
                .after(Duration.ofSeconds(10))
                .fail()
                .subscribeAsCompletionStage()
                .join();
    }

    private static DaytonaException failure(Uni<?> call) {
        try {
            get(call);
        } catch (CompletionException e) {
            return (DaytonaException) Objects.requireNonNull(e.getCause());
        }
        throw new AssertionError("did not fail");
    }
}
