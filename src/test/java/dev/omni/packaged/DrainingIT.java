package dev.omni.packaged;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.LocalDaytonaOptions;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A replica that is told to stop sends everybody to another one, where they go on as if nothing had been. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DrainingIT {
    private static final int SOCKETS = 20;
    private static final int STREAMS = 5;
    private static final Duration SPREAD = Duration.ofSeconds(3);

    /** The shutdown's delay and timeout, and some more for a busy machine. */
    private static final Duration GRACE = Duration.ofSeconds(25);

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** The common pool may have one thread only, and waiting in it would hold up the HTTP client. */
    private static final Executor THREADS = Executors.newVirtualThreadPerTaskExecutor();

    private static final JsonMapper JSON = new JsonMapper();

    private final Vertx vertx = Vertx.vertx();
    private final LocalDaytona daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions());
    private final Issuer issuer = new Issuer();
    private final HttpClient http = HttpClient.newHttpClient();
    private final PackagedApplication one;
    private final PackagedApplication two;

    DrainingIT() throws Exception {
        Map<String, String> settings = issuer.settings(daytona.apiUrl(), daytona.apiKey());
        settings.put("OMNI_STREAM_DRAIN_SPREAD", SPREAD.toSeconds() + "s");
        settings.put("OMNI_STREAM_MAX_CONNECTIONS_PER_USER", String.valueOf(SOCKETS + STREAMS));
        one = PackagedApplication.start(settings);
        two = PackagedApplication.start(settings);
    }

    @AfterAll
    void end() throws IOException {
        one.close();
        two.close();
        http.close();
        issuer.close();
        daytona.close();
        vertx.close();
    }

    @Test
    void aReplicaThatStopsSendsItsClientsToAnotherWhereEachGetsExactlyTheRest() throws Exception {
        String sandbox = as("bob")
                .header("Prefer", "wait=30")
                .put(one.url("/api/v1/sandboxes/default"))
                .then()
                .statusCode(201)
                .extract()
                .path("id");
        List<Client> sockets =
                IntStream.range(0, SOCKETS).mapToObj(i -> connect(one)).toList();
        String job = as("bob")
                .body(Map.of(
                        "command",
                        "i=0; until [ -e stop ]; do i=$((i+1)); echo line $i; sleep 0.02; done; echo end; exit 3"))
                .post(one.url("/api/v1/sandboxes/" + sandbox + "/jobs"))
                .then()
                .statusCode(202)
                .extract()
                .path("id");
        String path = "/api/v1/sandboxes/" + sandbox + "/jobs/" + job;
        List<Events> streams = IntStream.range(0, STREAMS)
                .mapToObj(i -> follow(one, path, null))
                .toList();
        await().atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(sockets).allMatch(client -> !client.output().isEmpty()));
        await().atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(streams).allMatch(events -> !events.output().isEmpty()));

        CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(this::terminateOne, THREADS);

        // Nobody new comes, though most of those who are there have not been sent away yet.
        await().atMost(PATIENCE)
                .until(() -> given().get(one.management("/q/health/ready")).statusCode() == 503);
        await().atMost(PATIENCE).until(() -> handshake(one) == 503);
        assertThat(exit).isNotDone();
        assertThat(given().get(one.management("/q/health/live")).statusCode()).isEqualTo(200);

        await().atMost(PATIENCE).untilAsserted(() -> assertThat(sockets).allMatch(client -> client.closed.isDone()));
        assertThat(sockets)
                .extracting(client ->
                        client.closed.join().code() + " " + client.closed.join().reason())
                .containsOnly("1001 the server is draining, reconnect");
        List<Instant> closes = sockets.stream()
                .map(client -> client.closed.join().at())
                .sorted()
                .toList();
        assertThat(Duration.between(closes.getFirst(), closes.getLast())).isGreaterThan(SPREAD.dividedBy(2));
        assertThat(streams).allSatisfy(events -> {
            // Ends as a body does that is whole: one that breaks off would fail.
            events.ended.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
            assertThat(events.lines).noneMatch(line -> line.contains("\"type\":\"done\""));
        });
        assertThat(sockets).allMatch(client -> client.dones() == 0);
        assertThat(as("bob").get(two.url(path)).<String>path("status")).isEqualTo("running");
        assertThat(exit.get(GRACE.toSeconds(), TimeUnit.SECONDS)).isIn(0, 143);

        List<Client> resumed = sockets.stream()
                .map(before -> {
                    Client client = connect(two);
                    client.send("{\"type\":\"subscribe\",\"sandboxId\":\"%s\",\"jobId\":\"%s\",\"cursor\":\"%s\"}"
                            .formatted(sandbox, job, before.lastCursor()));
                    return client;
                })
                .toList();
        List<Events> followed = streams.stream()
                .map(before -> follow(two, path, before.lastId()))
                .toList();
        as("bob")
                .body(Map.of("command", "touch stop"))
                .post(two.url("/api/v1/sandboxes/" + sandbox + "/exec"))
                .then()
                .statusCode(200);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(resumed).allMatch(client -> client.dones() == 1));
        followed.forEach(events ->
                events.ended.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join());

        String whole = as("bob").get(two.url(path + "/output")).asString();
        assertThat(whole).startsWith("line 1\nline 2\n").endsWith("end\n");
        for (int i = 0; i < SOCKETS; i++) {
            assertThat(sockets.get(i).output() + resumed.get(i).output()).isEqualTo(whole);
            assertThat(resumed.get(i).last().path("exitCode").asInt()).isEqualTo(3);
        }
        for (int i = 0; i < STREAMS; i++) {
            assertThat(streams.get(i).output() + followed.get(i).output()).isEqualTo(whole);
            assertThat(followed.get(i).lines.stream().filter(line -> line.contains("\"type\":\"done\"")))
                    .hasSize(1);
        }
    }

    private int terminateOne() {
        try {
            return one.terminate();
        } catch (InterruptedException e) {
            throw new CompletionException(e);
        }
    }

    private Client connect(PackagedApplication replica) {
        var client = new Client();
        client.socket = handshake(replica, client);
        await().atMost(PATIENCE).until(() -> !client.messages.isEmpty());
        return client;
    }

    private WebSocket handshake(PackagedApplication replica, WebSocket.Listener listener) {
        return http.newWebSocketBuilder()
                .header("Authorization", "Bearer " + issuer.token("bob"))
                .buildAsync(URI.create(replica.url("/ws").replace("http:", "ws:")), listener)
                .join();
    }

    /** The status a handshake is answered with. */
    private int handshake(PackagedApplication replica) {
        try {
            handshake(replica, new Client()).abort();
            return 101;
        } catch (CompletionException e) {
            return e.getCause() instanceof WebSocketHandshakeException refused
                    ? refused.getResponse().statusCode()
                    : -1;
        }
    }

    private Events follow(PackagedApplication replica, String job, @Nullable String lastEventId) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(replica.url(job + "/events")))
                .header("Authorization", "Bearer " + issuer.token("bob"));
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        return new Events(http, request.build());
    }

    private RequestSpecification as(String user) {
        return given().auth().oauth2(issuer.token(user)).contentType(ContentType.JSON);
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private record Closed(int code, String reason, Instant at) {}

    private static final class Client implements WebSocket.Listener {
        private final List<JsonNode> messages = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Closed> closed = new CompletableFuture<>();
        private final StringBuilder text = new StringBuilder();
        private @Nullable WebSocket socket;

        void send(String message) {
            if (socket != null) {
                socket.sendText(message, true).join();
            }
        }

        String output() {
            return messages.stream()
                    .filter(message -> message.path("type").asText().equals("log"))
                    .map(message -> message.path("data").asText())
                    .collect(Collectors.joining());
        }

        String lastCursor() {
            return messages.stream()
                    .map(message -> message.path("cursor").asText())
                    .filter(cursor -> !cursor.isEmpty())
                    .reduce((before, last) -> last)
                    .orElseThrow();
        }

        JsonNode last() {
            return messages.getLast();
        }

        long dones() {
            return messages.stream()
                    .filter(message -> message.path("type").asText().equals("done"))
                    .count();
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                messages.add(json(text.toString()));
                text.setLength(0);
            }
            webSocket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
            closed.complete(new Closed(statusCode, reason, Instant.now()));
            return null;
        }

        @Override
        public void onError(WebSocket webSocket, Throwable error) {
            closed.completeExceptionally(error);
        }
    }

    private static final class Events {
        private final List<String> lines = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Void> ended;

        Events(HttpClient http, HttpRequest request) {
            ended = http.sendAsync(request, BodyHandlers.ofLines())
                    .thenAcceptAsync(response -> response.body().forEach(lines::add), THREADS);
        }

        String lastId() {
            // The line of an event after its id is its data; an id without is not of an event that came whole.
            List<String> whole = new ArrayList<>();
            for (int i = 1; i < lines.size(); i++) {
                if (lines.get(i).startsWith("data: ")) {
                    whole.add(lines.get(i - 1).substring("id: ".length()));
                }
            }
            return whole.getLast();
        }

        String output() {
            return lines.stream()
                    .filter(line -> line.startsWith("data: "))
                    .map(line -> json(line.substring("data: ".length())))
                    .filter(message -> message.path("type").asText().equals("log"))
                    .map(message -> message.path("data").asText())
                    .collect(Collectors.joining());
        }
    }
}
