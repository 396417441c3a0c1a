package dev.omni.audit;

import static dev.omni.TestUsers.as;
import static dev.omni.TestUsers.token;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.omni.RawHttp;
import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.job.JobCalls;
import dev.omni.observe.LogLines;
import dev.omni.sandbox.Users;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
class AuditTrailTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final LogLines trail = new LogLines("omni.audit");

    @Inject
    MeterRegistry meters;

    @Inject
    LocalDaytona daytona;

    @TestHTTPResource("/ws")
    URI stream;

    @AfterEach
    void close() {
        daytona.faults().clear();
        trail.close();
    }

    @Test
    void everythingThatIsDoneToASandboxIsToldOnce() {
        String alice = Users.somebody();
        String box = as(alice)
                .header("Prefer", "wait=30")
                .header("X-Request-Id", "trail-create")
                .body(Map.of())
                .post("/api/v1/sandboxes")
                .then()
                .statusCode(201)
                .extract()
                .path("id");
        as(alice)
                .body(Map.of("labels", Map.of("a", "b")))
                .patch("/api/v1/sandboxes/" + box)
                .then()
                .statusCode(200);
        as(alice).get("/api/v1/sandboxes/" + box).then().statusCode(200);
        as(alice).post("/api/v1/sandboxes/" + box + "/start").then().statusCode(202);
        as(alice).post("/api/v1/sandboxes/" + box + "/stop").then().statusCode(202);
        as(alice).delete("/api/v1/sandboxes/" + box).then().statusCode(204);

        assertThat(awaitLines(alice, 5))
                .extracting(line -> line.path("action").asText())
                .containsExactly("sandbox_create", "sandbox_change", "sandbox_start", "sandbox_stop", "sandbox_delete");
        assertThat(lines(alice)).allSatisfy(line -> {
            assertThat(line.path("outcome").asText()).isEqualTo("ok");
            assertThat(line.path("category").asText()).isEqualTo("omni.audit");
            assertThat(line.path("sandboxId").asText()).isEqualTo(box);
            assertThat(line.path("address").asText()).isEqualTo("127.0.0.1");
            assertThat(line.path("replica").asText()).isNotEmpty();
            assertThat(line.path("time").asText()).matches("\\d{4}-\\d\\d-\\d\\dT.*Z");
            assertThat(line.path("durationMillis").isIntegralNumber()).isTrue();
        });
        assertThat(lines(alice).getFirst().path("requestId").asText()).isEqualTo("trail-create");
        assertThat(lines(alice).getFirst().path("request").asText()).isEqualTo("POST /api/v1/sandboxes");
    }

    @Test
    void anExecIsToldWithItsCommandAndExitCodeButWithoutItsSecretsAndInput() {
        JobCalls calls = JobCalls.ofSomebody();
        calls.exec(Map.of(
                        "command",
                        "echo not-for-anyone --password=s3cret; cat; exit 3",
                        "env",
                        Map.of("QUIET", "not-for-anyone"),
                        "stdin",
                        "canary-of-stdin"))
                .then()
                .statusCode(200);

        JsonNode line = only(calls.userId(), "exec");
        assertThat(line.path("command").asText()).isEqualTo("echo *** --password=***; cat; exit 3");
        assertThat(line.path("exitCode").asInt()).isEqualTo(3);
        assertThat(line.path("outcome").asText()).isEqualTo("ok");
        assertThat(trail.lines()).noneMatch(told -> told.message().contains("canary-of-stdin"));
    }

    @Test
    void aJobIsToldWhenItIsStartedAndWhenItEnds() {
        JobCalls calls = JobCalls.ofSomebody();
        double ends = ends();
        String job = calls.started("exit 3");

        JsonNode started = only(calls.userId(), "job_start");
        assertThat(started.path("jobId").asText()).isEqualTo(job);
        assertThat(started.path("command").asText()).isEqualTo("exit 3");
        JsonNode ended = only(calls.userId(), "job_end");
        assertThat(ended.path("jobId").asText()).isEqualTo(job);
        assertThat(ended.path("sandboxId").asText()).isEqualTo(calls.sandboxId());
        assertThat(ended.path("outcome").asText()).isEqualTo("failed");
        assertThat(ended.path("code").asText()).isEqualTo("command_failed");
        assertThat(ended.path("exitCode").asInt()).isEqualTo(3);
        assertThat(ended.path("requestId")).isEqualTo(started.path("requestId"));
        assertThat(ended.path("address").asText()).isEqualTo("127.0.0.1");
        assertThat(ends()).isGreaterThan(ends);
    }

    @Test
    void ofAPromptOnlyItsLengthIsTold() {
        JobCalls calls = JobCalls.ofSomebody();
        calls.started(Map.of("prompt", Map.of("input", "canary-of-a-prompt")));

        JsonNode started = only(calls.userId(), "prompt_start");
        assertThat(started.path("promptLength").asInt()).isEqualTo(18);
        assertThat(started.has("command")).isFalse();
        assertThat(only(calls.userId(), "prompt_end").path("outcome").asText()).isEqualTo("ok");
        assertThat(trail.lines()).noneMatch(line -> line.message().contains("canary-of-a-prompt"));
    }

    @Test
    void inputAndCancelAreToldWithoutWhatWasSent() {
        JobCalls calls = JobCalls.ofSomebody();
        String job = calls.startedWith("cat", Map.of("stdin", "open"));
        calls.input(job, "canary-of-input").then().statusCode(204);
        calls.cancel(job).then().statusCode(202);

        assertThat(only(calls.userId(), "job_input").path("jobId").asText()).isEqualTo(job);
        assertThat(only(calls.userId(), "job_cancel").path("jobId").asText()).isEqualTo(job);
        assertThat(only(calls.userId(), "job_end").path("code").asText()).isEqualTo("cancelled");
        assertThat(trail.lines()).noneMatch(line -> line.message().contains("canary-of-input"));
    }

    @Test
    void whatGoesOnWhenTheCallerHangsUpIsToldWhenItHasEnded() throws IOException {
        String alice = Users.somebody();
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.delay(Duration.ofSeconds(2)));
        hangUpAfter(Operation.CREATE_SANDBOX, alice, "/api/v1/sandboxes", "{}");

        JsonNode created = only(alice, "sandbox_create");
        assertThat(created.path("outcome").asText()).isEqualTo("ok");
        assertThat(created.path("code").asText()).isEqualTo("client_gone");
        assertThat(created.has("status")).isFalse();
        assertThat(created.path("address").asText()).isEqualTo("127.0.0.1");
        String box = as(alice).get("/api/v1/sandboxes").path("items[0].id");
        assertThat(created.path("sandboxId").asText()).isEqualTo(box);
    }

    @Test
    void aJobThatIsStartedAfterTheCallerHungUpIsToldWithItsId() throws IOException {
        JobCalls calls = JobCalls.ofSomebody();
        daytona.faults().on(Operation.CREATE_SESSION).once(Fault.delay(Duration.ofSeconds(1)));
        hangUpAfter(
                Operation.CREATE_SESSION,
                calls.userId(),
                "/api/v1/sandboxes/" + calls.sandboxId() + "/jobs",
                "{\"command\":\"true\"}");

        JsonNode started = only(calls.userId(), "job_start");
        assertThat(started.path("outcome").asText()).isEqualTo("ok");
        assertThat(started.has("status")).isFalse();
        assertThat(started.path("jobId").asText())
                .isEqualTo(only(calls.userId(), "job_end").path("jobId").asText());
    }

    @Test
    void whatNobodySawTheEndOfIsNotToldAsFailed() throws IOException {
        JobCalls calls = JobCalls.ofSomebody();
        daytona.faults().on(Operation.STOP_SANDBOX).once(Fault.delay(Duration.ofSeconds(1)));
        hangUpAfter(Operation.STOP_SANDBOX, calls.userId(), "/api/v1/sandboxes/" + calls.sandboxId() + "/stop", "");

        JsonNode stopped = only(calls.userId(), "sandbox_stop");
        assertThat(stopped.path("outcome").asText()).isEqualTo("unknown");
        assertThat(stopped.path("code").asText()).isEqualTo("client_gone");
        assertThat(stopped.has("status")).isFalse();
        assertThat(stopped.path("sandboxId").asText()).isEqualTo(calls.sandboxId());
    }

    @Test
    void whoeverTriesWhatIsNotTheirsIsToldOf() {
        JobCalls owner = JobCalls.ofSomebody();
        String mallory = Users.somebody();
        as(mallory).get("/api/v1/sandboxes/" + owner.sandboxId()).then().statusCode(404);
        as(mallory)
                .body(Map.of("command", "id"))
                .post("/api/v1/sandboxes/" + owner.sandboxId() + "/exec")
                .then()
                .statusCode(404);

        List<JsonNode> told = awaitLines(mallory, 2);
        assertThat(told).extracting(line -> line.path("action").asText()).containsExactly("other", "exec");
        assertThat(told).allSatisfy(line -> {
            assertThat(line.path("outcome").asText()).isEqualTo("refused");
            assertThat(line.path("code").asText()).isEqualTo("sandbox_not_found");
            assertThat(line.path("status").asInt()).isEqualTo(404);
            assertThat(line.path("sandboxId").asText()).isEqualTo(owner.sandboxId());
        });
    }

    @Test
    void callsWithoutAValidTokenAreToldWithTheirAddress() {
        String path = "/api/v1/sandboxes/" + UUID.randomUUID();
        given().header("Authorization", "Bearer " + token("eve") + "x")
                .get(path)
                .then()
                .statusCode(401);
        given().delete(path + "/").then().statusCode(401);

        await().atMost(PATIENCE).until(() -> requested(path).size() >= 2);
        assertThat(requested(path)).allSatisfy(line -> {
            assertThat(line.path("outcome").asText()).isEqualTo("refused");
            assertThat(line.path("code").asText()).isEqualTo("unauthenticated");
            assertThat(line.has("userId")).isFalse();
            assertThat(line.path("address").asText()).isEqualTo("127.0.0.1");
        });
        assertThat(trail.lines()).noneMatch(line -> line.message().contains("eyJ"));
    }

    @Test
    void whatIsRefusedLimitedOrFailsIsToldAsThat() {
        String alice = Users.somebody();
        as(alice).body(Map.of("nmae", "x")).post("/api/v1/sandboxes").then().statusCode(400);
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.tooManyRequests("sandbox-create", 1));
        as(alice).body(Map.of()).post("/api/v1/sandboxes").then().statusCode(503);

        List<JsonNode> told = awaitLines(alice, 2);
        assertThat(told)
                .allSatisfy(line -> assertThat(line.path("action").asText()).isEqualTo("sandbox_create"));
        assertThat(told)
                .extracting(line ->
                        line.path("outcome").asText() + " " + line.path("code").asText())
                .containsExactly("refused unknown_field", "failed upstream_rate_limited");
    }

    @Test
    void aCallThatChangesNothingAndIsAnsweredIsNotTold() {
        String alice = Users.somebody();
        as(alice).get("/api/v1/sandboxes").then().statusCode(200);
        as(alice).get("/api/v1/sandboxes?limit=0").then().statusCode(400);
        as(alice).get("/nowhere").then().statusCode(404);
        as(alice).get("/api/v1/sandboxes/" + UUID.randomUUID()).then().statusCode(404);

        // The last one is told, and those before it would have been told before.
        assertThat(awaitLines(alice, 1)).hasSize(1);
    }

    @Test
    void connectionsAndWhatTheySendAreTold() {
        JobCalls calls = JobCalls.ofSomebody();
        String job = calls.startedWith("cat", Map.of("stdin", "open"));
        WebSocket socket = connect(token(calls.userId()));
        socket.sendText(
                        "{\"type\":\"input\",\"sandboxId\":\"%s\",\"jobId\":\"%s\",\"data\":\"canary-of-ws\"}"
                                .formatted(calls.sandboxId(), job),
                        true)
                .join();
        JsonNode input = only(calls.userId(), "job_input");
        socket.sendText(
                        "{\"type\":\"cancel\",\"sandboxId\":\"%s\",\"jobId\":\"%s\"}".formatted(calls.sandboxId(), job),
                        true)
                .join();
        JsonNode cancel = only(calls.userId(), "job_cancel");
        socket.abort();

        JsonNode connected = only(calls.userId(), "connect");
        assertThat(connected.path("outcome").asText()).isEqualTo("ok");
        assertThat(connected.path("address").asText()).isEqualTo("127.0.0.1");
        assertThat(List.of(input, cancel)).allSatisfy(line -> {
            assertThat(line.path("outcome").asText()).isEqualTo("ok");
            assertThat(line.path("jobId").asText()).isEqualTo(job);
            assertThat(line.path("requestId")).isEqualTo(connected.path("requestId"));
        });
        assertThat(trail.lines()).noneMatch(line -> line.message().contains("canary-of-ws"));
    }

    @Test
    void aHandshakeThatIsRefusedIsTold() {
        try {
            connect("no token");
        } catch (CompletionException refused) {
            // As it should be.
        }
        await().atMost(PATIENCE)
                .until(() -> all().stream()
                        .anyMatch(line -> line.path("action").asText().equals("connect")
                                && line.path("outcome").asText().equals("refused")
                                && line.path("status").asInt() == 401));
    }

    @Test
    void noLevelOfTheLogSwitchesItOff() {
        Logger root = Logger.getLogger("");
        Logger omni = Logger.getLogger("omni");
        Level before = root.getLevel();
        try {
            root.setLevel(Level.OFF);
            omni.setLevel(Level.OFF);
            String alice = Users.somebody();
            as(alice).delete("/api/v1/sandboxes/" + UUID.randomUUID());

            assertThat(only(alice, "sandbox_delete")).isNotNull();
        } finally {
            root.setLevel(before);
            omni.setLevel(null);
        }
    }

    private void hangUpAfter(Operation operation, String userId, String path, String body) throws IOException {
        int before = daytona.traffic().requests(operation);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), RawHttp.port())) {
            socket.getOutputStream().write("""
                            POST %s HTTP/1.1\r
                            Host: localhost\r
                            Authorization: Bearer %s\r
                            Content-Type: application/json\r
                            Content-Length: %d\r
                            \r
                            %s""".formatted(path, token(userId), body.length(), body)
                    .getBytes(StandardCharsets.UTF_8));
            await().atMost(PATIENCE).until(() -> daytona.traffic().requests(operation) > before);
        }
    }

    private double ends() {
        var counter = meters.find("omni.audit.events")
                .tag("action", "job_end")
                .tag("outcome", "failed")
                .counter();
        return counter == null ? 0 : counter.count();
    }

    private WebSocket connect(String token) {
        return HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .header("Authorization", "Bearer " + token)
                .buildAsync(URI.create(stream.toString().replaceFirst("^http", "ws")), new WebSocket.Listener() {})
                .join();
    }

    private JsonNode only(String userId, String action) {
        await().atMost(PATIENCE).until(() -> !of(userId, action).isEmpty());
        assertThat(of(userId, action)).hasSize(1);
        return of(userId, action).getFirst();
    }

    private List<JsonNode> of(String userId, String action) {
        return lines(userId).stream()
                .filter(line -> line.path("action").asText().equals(action))
                .toList();
    }

    private List<JsonNode> awaitLines(String userId, int count) {
        await().atMost(PATIENCE).until(() -> lines(userId).size() >= count);
        assertThat(lines(userId)).hasSize(count);
        return lines(userId);
    }

    private List<JsonNode> lines(String userId) {
        return all().stream()
                .filter(line -> line.path("userId").asText().equals(userId))
                .toList();
    }

    private List<JsonNode> requested(String path) {
        return all().stream()
                .filter(line -> line.path("request").asText().contains(path))
                .toList();
    }

    private List<JsonNode> all() {
        return trail.lines().stream().map(line -> read(line.message())).toList();
    }

    private static JsonNode read(String line) {
        try {
            return new JsonMapper().readTree(line);
        } catch (JsonProcessingException e) {
            throw new AssertionError("not JSON: " + line, e);
        }
    }
}
