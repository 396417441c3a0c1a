package dev.omni.packaged;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.LocalDaytonaOptions;
import dev.omni.daytona.local.Operation;
import dev.omni.report.SentryServer;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What users type and what their commands print reaches neither the log nor Sentry, at the levels that staging and production
 * log at, also where everything goes wrong. Each such text has the same word in it, which must not be found.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CanariesIT {
    private static final String CANARY = "zQcanaryQz";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Vertx vertx = Vertx.vertx();
    private final LocalDaytona daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions());
    private final Issuer issuer = new Issuer();
    private final SentryServer sentry = new SentryServer(0);

    CanariesIT() throws Exception {}

    @AfterAll
    void end() throws IOException {
        issuer.close();
        sentry.close();
        daytona.close();
        vertx.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"staging", "prod"})
    void nothingOfAUsersIsLoggedOrReported(String profile) throws Exception {
        Map<String, String> settings = issuer.settings(daytona.apiUrl(), daytona.apiKey());
        settings.put("QUARKUS_PROFILE", profile);
        issuer.secret("omni.sentry.dsn", sentry.dsn());
        settings.put("HOSTNAME", "omni-7d9f");
        try (PackagedApplication omni = PackagedApplication.start(settings)) {
            String user = "user-of-" + profile;
            String box = as(user).header("Prefer", "wait=30")
                    .body(Map.of("env", Map.of("QUIET", CANARY), "labels", Map.of("kind", "quiet")))
                    .post(omni.url("/api/v1/sandboxes"))
                    .then()
                    .statusCode(201)
                    .extract()
                    .path("id");
            String at = omni.url("/api/v1/sandboxes/" + box);

            everythingThatATextCanGoInBy(user, at, omni);
            everyKindOfFault(user, at, omni);

            await().atMost(PATIENCE)
                    .until(() -> trail(omni).stream()
                            .anyMatch(line -> line.path("action").asText().equals("sandbox_delete")));
            assertThat(omni.terminate()).isIn(0, 143);
            List<String> leaks =
                    omni.log().lines().filter(line -> line.contains(CANARY)).toList();
            assertThat(leaks).isEmpty();
            assertThat(omni.log()).doesNotContain(daytona.apiKey(), "eyJ");
            assertThat(sentry.envelopes())
                    .isNotEmpty()
                    .noneMatch(envelope -> envelope.contains(CANARY) || envelope.contains("eyJ"));
            everyLineIsOneJsonObject(omni);
        }
    }

    private void everythingThatATextCanGoInBy(String user, String at, PackagedApplication omni) throws Exception {
        Map<String, String> env = Map.of("QUIET", CANARY);
        // In its own environment, its input and its output, but not in its text, which is for the trail to tell.
        as(user).body(Map.of(
                        "command", "echo out $QUIET; echo err $QUIET >&2; cat; exit 3", "env", env, "stdin", CANARY))
                .post(at + "/exec")
                .then()
                .statusCode(200);
        as(user).body(Map.of("command", "no-such-program $QUIET", "env", env))
                .post(at + "/exec")
                .then()
                .statusCode(200);
        String job =
                started(user, at, Map.of("command", "read x; echo $x $QUIET; read y", "stdin", "open", "env", env));
        as(user).body(Map.of("data", CANARY + "\n"))
                .post(at + "/jobs/" + job + "/input")
                .then()
                .statusCode(204);
        String prompt = started(
                user,
                at,
                Map.of("prompt", Map.of("input", "Say " + CANARY, "systemPrompt", CANARY + " is quiet"), "env", env));
        ended(user, at, prompt);
        as(user).get(at + "/jobs/" + prompt + "/output").then().statusCode(200);
        as(user).accept("text/event-stream")
                .get(at + "/jobs/" + prompt + "/events")
                .then()
                .statusCode(200);
        as(user).body(Map.of("input", CANARY, "sandboxId", at.substring(at.lastIndexOf('/') + 1)))
                .post(omni.url("/api/knowledge/process"))
                .then()
                .statusCode(202);

        WebSocket socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .header("Authorization", "Bearer " + issuer.token(user))
                .buildAsync(URI.create(omni.url("/ws").replaceFirst("^http", "ws")), new WebSocket.Listener() {})
                .join();
        String sandbox = at.substring(at.lastIndexOf('/') + 1);
        for (String message : List.of(
                "{\"type\":\"input\",\"sandboxId\":\"" + sandbox + "\",\"jobId\":\"" + job + "\",\"data\":\"" + CANARY
                        + "\"}",
                "{\"type\":\"" + CANARY + "\"}",
                "{\"type\":\"input\",\"" + CANARY + "\":1}",
                "{\"type\":\"input\",\"sandboxId\":\"" + sandbox + "\",\"jobId\":\"" + CANARY + "\",\"data\":1}",
                CANARY,
                "{\"data\":\"" + CANARY)) {
            socket.sendText(message, true).join();
        }
        as(user).post(at + "/jobs/" + job + "/cancel");
        socket.abort();

        // Bodies and parameters that are refused.
        for (String body : List.of(
                "{\"command\":\"" + CANARY + "\",\"command\":\"" + CANARY + "\"}",
                "{\"command\":[\"" + CANARY + "\"]}",
                "{\"command\":\"x\",\"env\":{\"A\":{\"b\":\"" + CANARY + "\"}}}",
                "{\"command\":\"x\",\"timeoutSeconds\":\"" + CANARY + "\"}",
                "{\"prompt\":{\"input\":\"" + CANARY + "\",\"maxTurns\":0}}",
                "{\"prompt\":\"" + CANARY + "\"}",
                "{\"command\":\"" + CANARY,
                "\"" + CANARY + "\"",
                CANARY)) {
            as(user).body(body).post(at + "/jobs").then().statusCode(400);
            as(user).body(body).post(at + "/exec").then().statusCode(400);
        }
        as(user).get(at + "?x=" + CANARY).then().statusCode(400);
        as(user).get(at + "/jobs/" + prompt + "/output?cursor=" + CANARY).then().statusCode(400);
        given().header("Authorization", "Bearer " + CANARY).get(at).then().statusCode(401);
        as(user).header("Idempotency-Key", CANARY + " \t")
                .body(Map.of("command", "true"))
                .post(at + "/jobs");
    }

    private void everyKindOfFault(String user, String at, PackagedApplication omni) {
        String words = "{\"message\":\"cannot run \\\"" + CANARY + "\\\" with " + CANARY + "\"}";
        Map<String, Object> command =
                Map.of("command", "true", "env", Map.of("QUIET", CANARY), "stdin", CANARY, "timeoutSeconds", 20);
        for (Operation operation : List.of(
                Operation.CREATE_SESSION,
                Operation.UPLOAD_FILE,
                Operation.SESSION_EXEC,
                Operation.GET_COMMAND,
                Operation.GET_SESSION,
                Operation.GET_LOG,
                Operation.DOWNLOAD_FILE,
                Operation.EXECUTE,
                Operation.FOLLOW_LOG,
                Operation.DELETE_SESSION)) {
            for (Fault fault : List.of(
                    Fault.answer(400, Map.of(), words),
                    Fault.answer(500, Map.of(), words),
                    Fault.answer(200, Map.of(), CANARY),
                    Fault.reset())) {
                daytona.faults().on(operation).once(fault);
                as(user).body(command).post(at + "/exec");
                daytona.faults().clear();
            }
        }
        daytona.faults().on(Operation.SEND_INPUT).always(Fault.answer(500, Map.of(), words));
        String job = started(user, at, Map.of("command", "cat", "stdin", "open"));
        as(user).body(Map.of("data", CANARY))
                .post(at + "/jobs/" + job + "/input")
                .then()
                .statusCode(502);
        daytona.faults().clear();
        daytona.faults()
                .on(Operation.CREATE_SANDBOX)
                .once(Fault.answer(400, Map.of(), words.replace(" with " + CANARY, "")));
        as(user).body(Map.of("env", Map.of("QUIET", CANARY))).post(omni.url("/api/v1/sandboxes"));
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.answer(200, Map.of(), "{\"id\":" + CANARY));
        as(user).body(Map.of("env", Map.of("QUIET", CANARY))).post(omni.url("/api/v1/sandboxes"));
        daytona.faults().clear();
        as(user).delete(at).then().statusCode(204);
    }

    /** Those of the log and those of the trail, which is told apart by its category. */
    private static void everyLineIsOneJsonObject(PackagedApplication omni) throws IOException {
        List<JsonNode> lines = json(omni);
        // Everything but what is printed before the log is set up, such as the banner.
        assertThat(omni.log().lines().filter(line -> line.contains("\"category\":\"omni.audit\"")))
                .allMatch(line -> line.startsWith("{\"time\":") && line.endsWith("}"));
        assertThat(trail(omni)).hasSizeGreaterThan(60).allSatisfy(line -> {
            assertThat(line.path("replica").asText()).isEqualTo("omni-7d9f");
            assertThat(line.path("action").asText()).isNotEmpty();
            assertThat(line.path("durationMillis").isMissingNode()
                            || line.path("durationMillis").isIntegralNumber())
                    .isTrue();
        });
        assertThat(lines).hasSizeGreaterThan(trail(omni).size());
    }

    private static List<JsonNode> trail(PackagedApplication omni) throws IOException {
        return json(omni).stream()
                .filter(line -> line.path("category").asText().equals("omni.audit"))
                .toList();
    }

    private static List<JsonNode> json(PackagedApplication omni) throws IOException {
        JsonMapper mapper = new JsonMapper();
        List<JsonNode> lines = new ArrayList<>();
        String log = omni.log();
        for (String line : log.substring(0, log.lastIndexOf('\n') + 1).lines().toList()) {
            if (line.startsWith("{")) {
                lines.add(mapper.readTree(line));
            }
        }
        return lines;
    }

    private String started(String user, String at, Map<String, ?> body) {
        return as(user).body(body)
                .post(at + "/jobs")
                .then()
                .statusCode(202)
                .extract()
                .path("id");
    }

    private void ended(String user, String at, String job) {
        await().atMost(PATIENCE)
                .until(() -> !as(user).get(at + "/jobs/" + job).path("status").equals("running"));
    }

    private RequestSpecification as(String user) {
        return given().auth().oauth2(issuer.token(user)).contentType(ContentType.JSON);
    }
}
