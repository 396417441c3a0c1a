package dev.omni.job;

import static dev.omni.TestUsers.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.sandbox.Users;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobLifeTest {
    @Inject
    LocalDaytona daytona;

    private JobCalls alice;

    @BeforeEach
    void aSandbox() {
        if (alice == null) {
            alice = JobCalls.ofSomebody();
        }
    }

    @AfterEach
    void noFaults() {
        daytona.faults().clear();
    }

    @Test
    void aJobRunsIsListedAndEnds() {
        Response answer = alice.start(Map.of("command", "echo hello; echo oops >&2; exit 4"));
        String id = answer.then()
                .statusCode(202)
                .header("Location", endsWith("/api/v1/sandboxes/" + alice.sandboxId() + "/jobs/" + answer.path("id")))
                .body("sandboxId", equalTo(alice.sandboxId()))
                .body("kind", equalTo("command"))
                .body("status", equalTo("running"))
                .body("exitCode", nullValue())
                .body("cursor", notNullValue())
                .extract()
                .path("id");
        assertThat(UUID.fromString(id).version()).isEqualTo(7);

        JsonPath ended = alice.ended(id);
        assertThat(ended.getString("status")).isEqualTo("failed");
        assertThat(ended.getInt("exitCode")).isEqualTo(4);
        assertThat(ended.getString("finishedAt"))
                .isGreaterThanOrEqualTo(ended.getString("createdAt").substring(0, 19));
        alice.list().then().statusCode(200).body("items.id", hasItems(id));
        assertThat(alice.output(id, Map.of("stream", "stdout")).asString()).isEqualTo("hello\n");
        assertThat(alice.output(id, Map.of("stream", "stderr")).asString()).isEqualTo("oops\n");
    }

    @Test
    void outputIsByteForByteWhatWasPrinted() {
        String id = alice.started("head -c 300000 /dev/urandom | tr -d '\\000' > f; echo >> f; cat f; cat f >&2");
        alice.ended(id);
        byte[] out = alice.output(id, Map.of("stream", "stdout")).asByteArray();
        byte[] err = alice.output(id, Map.of("stream", "stderr")).asByteArray();
        assertThat(out).hasSizeGreaterThan(290_000).isEqualTo(err);
        String sum = alice.stdout("sha256sum < f | cut -d' ' -f1").strip();
        assertThat(sha256(out)).isEqualTo(sum);
    }

    @Test
    void outputGoesOnFromTheCursorItNamed() {
        String id = alice.started("echo one; until [ -e more ]; do sleep 0.05; done; echo two");
        alice.awaitOutput(id, "one");
        Response first = alice.output(id, Map.of());
        assertThat(first.asString()).isEqualTo("one\n");
        alice.stdout("touch more");
        alice.ended(id);
        Response rest = alice.output(id, Map.of("cursor", first.header("X-Next-Cursor")));
        assertThat(rest.asString()).isEqualTo("two\n");
        assertThat(alice.output(id, Map.of("cursor", rest.header("X-Next-Cursor")))
                        .asString())
                .isEmpty();
    }

    @Test
    void inputReachesAJobThatAskedForIt() {
        String id = alice.startedWith("read a; echo \"got $a\"", Map.of("stdin", "open"));
        alice.input(id, "it's me").then().statusCode(204);
        assertThat(alice.ended(id).getInt("exitCode")).isZero();
        assertThat(alice.output(id, Map.of()).asString()).isEqualTo("got it's me\n");
        alice.input(id, "more").then().statusCode(409).body("code", equalTo("job_finished"));
    }

    @Test
    void aJobThatDidNotAskForInputTakesNone() {
        String id = alice.started("sleep 30");
        alice.input(id, "x").then().statusCode(409).body("code", equalTo("input_closed"));
        alice.cancel(id).then().statusCode(202);
    }

    @Test
    void aCancelledJobEndsWithItsProcesses() {
        String id = alice.started("echo $$ > pid2; sleep 60 & echo ready; wait");
        alice.awaitOutput(id, "ready");
        alice.cancel(id).then().statusCode(202);
        JsonPath ended = alice.ended(id);
        assertThat(ended.getString("status")).isEqualTo("cancelled");
        assertThat(ended.getInt("exitCode")).isEqualTo(143);
        assertThat(alice.stdout("kill -0 $(cat pid2) 2>/dev/null && echo runs || echo gone"))
                .isEqualTo("gone\n");
        alice.cancel(id).then().statusCode(409).body("code", equalTo("job_finished"));
    }

    @Test
    void aJobOverItsTimeLimitIsEnded() {
        JsonPath ended = alice.ended(alice.startedWith("echo begun; sleep 60", Map.of("timeoutSeconds", 1)));
        assertThat(ended.getString("status")).isEqualTo("timed_out");
        assertThat(ended.getInt("exitCode")).isEqualTo(124);
    }

    @Test
    void anExitCodeOf124IsNoTimeoutByItself() {
        JsonPath ended = alice.ended(alice.started("exit 124"));
        assertThat(ended.getString("status")).isEqualTo("failed");
    }

    @Test
    void aRepeatedCallFindsTheJobOfTheFirst() {
        String id = startWithKey("key-1", "echo $RANDOM >> once; cat once").path("id");
        startWithKey("key-1", "echo $RANDOM >> once; cat once")
                .then()
                .statusCode(202)
                .body("id", equalTo(id));
        startWithKey("key-1", "echo other").then().statusCode(409).body("code", equalTo("idempotency_conflict"));
        alice.ended(id);
        assertThat(alice.stdout("wc -l < once").strip()).isEqualTo("1");
    }

    @Test
    void callsAtOnceWithOneKeyRunTheJobOnce() {
        List<CompletableFuture<Response>> calls = IntStream.range(0, 6)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> startWithKey("key-2", "echo ran >> ran")))
                .toList();
        List<String> ids = calls.stream()
                .map(call -> call.join().then().statusCode(202).extract().<String>path("id"))
                .distinct()
                .toList();
        assertThat(ids).hasSize(1);
        alice.ended(ids.getFirst());
        assertThat(alice.stdout("wc -l < ran").strip()).isEqualTo("1");
    }

    @Test
    void aJobWhoseStartAProxyRepeatsRunsOnceAndIsFollowedWhereItRuns() {
        daytona.faults().on(Operation.SESSION_EXEC).once(Fault.repeated());
        String id = alice.started("echo ran >> repeated; cat repeated; exit 3");
        String events = as(alice.userId())
                .get("/api/v1/sandboxes/{id}/jobs/{job}/events", alice.sandboxId(), id)
                .asString();
        assertThat(events).contains("\"data\":\"ran\\n\"", "\"exitCode\":3");
        assertThat(alice.ended(id).getInt("exitCode")).isEqualTo(3);
        assertThat(alice.stdout("wc -l < repeated").strip()).isEqualTo("1");
    }

    @Test
    void aJobWhoseStartWasNotAnsweredIsFoundAndRunsOnce() {
        daytona.faults().on(Operation.SESSION_EXEC).once(Fault.lostAnswer());
        String id = alice.started("echo ran >> answered; cat answered");
        assertThat(alice.ended(id).getString("status")).isEqualTo("succeeded");
        assertThat(alice.output(id, Map.of()).asString()).isEqualTo("ran\n");
    }

    @Test
    void theEndOfAJobWhoseSandboxStoppedIsNeverASuccess() {
        JobCalls calls = JobCalls.ofSomebody();
        String user = calls.userId();
        String id = calls.started("echo begun; sleep 60");
        calls.awaitOutput(id, "begun");
        as(user).post("/api/v1/sandboxes/{id}/stop", calls.sandboxId()).then().statusCode(202);
        await().untilAsserted(() -> calls.get(id).then().statusCode(409).body("code", equalTo("sandbox_not_ready")));
        await().until(() ->
                as(user).post("/api/v1/sandboxes/{id}/start", calls.sandboxId()).statusCode() == 202);
        await().untilAsserted(() -> calls.get(id)
                .then()
                .statusCode(200)
                .body("status", equalTo("lost"))
                .body("exitCode", nullValue()));
        assertThat(as(user).get("/api/v1/sandboxes/{id}/jobs/{job}/events", calls.sandboxId(), id)
                        .asString())
                .contains("\"code\":\"job_lost\"", "\"status\":\"lost\"");
    }

    @Test
    void aKeyUsedBeforeAStopOfTheSandboxStillMeansThatJob() {
        JobCalls calls = JobCalls.ofSomebody();
        String user = calls.userId();
        String id = startWithKey(calls, "key", "echo ran >> ran").path("id");
        assertThat(calls.ended(id).getString("status")).isEqualTo("succeeded");
        as(user).post("/api/v1/sandboxes/{id}/stop", calls.sandboxId()).then().statusCode(202);
        Users.awaitStatus(user, calls.sandboxId(), "stopped");
        as(user).post("/api/v1/sandboxes/{id}/start", calls.sandboxId()).then().statusCode(202);
        Users.awaitStatus(user, calls.sandboxId(), "ready");

        startWithKey(calls, "key", "echo ran >> ran")
                .then()
                .statusCode(202)
                .body("id", equalTo(id))
                .body("status", equalTo("lost"));
        startWithKey(calls, "key", "echo other").then().statusCode(409).body("code", equalTo("idempotency_conflict"));
        calls.get(id).then().statusCode(200).body("status", equalTo("lost"));
        assertThat(calls.stdout("wc -l < ran").strip()).isEqualTo("1");
    }

    @Test
    void aDaytonaThatStumblesAtTheEndDoesNotChangeHowAJobEnded() {
        String id = alice.startedWith("echo begun; sleep 60", Map.of("timeoutSeconds", 1));
        daytona.faults().on(Operation.DOWNLOAD_FILE, id).times(2, Fault.status(502));
        daytona.faults().on(Operation.GET_LOG, id).times(2, Fault.reset());
        String events = as(alice.userId())
                .get("/api/v1/sandboxes/{id}/jobs/{job}/events", alice.sandboxId(), id)
                .asString();
        assertThat(events).contains("\"data\":\"begun\\n\"", "\"code\":\"exec_timeout\"", "\"status\":\"timed_out\"");
    }

    @Test
    void whatWasNeverThereIsNotFound() {
        alice.get(UUID.randomUUID().toString()).then().statusCode(404).body("code", equalTo("job_not_found"));
        alice.get("nonsense").then().statusCode(400).body("code", equalTo("validation_failed"));
        JobCalls mallory = new JobCalls(Users.somebody(), alice.sandboxId());
        String id = alice.started("true");
        mallory.get(id).then().statusCode(404).body("code", equalTo("sandbox_not_found"));
        mallory.list().then().statusCode(404);
        mallory.output(id, Map.of()).then().statusCode(404);
        mallory.input(id, "x").then().statusCode(404);
        mallory.cancel(id).then().statusCode(404);
        mallory.start(Map.of("command", "true")).then().statusCode(404);
    }

    @Test
    void aPromptStreamsAndHasAResult() {
        String id = alice.started(Map.of("prompt", Map.of("input", "Hello \"there\"\nsecond line")));
        JsonPath ended = alice.ended(id);
        assertThat(ended.getString("kind")).isEqualTo("prompt");
        assertThat(ended.getString("status")).isEqualTo("succeeded");
        assertThat(ended.getString("result.text")).contains("Hello \"there\"");
        assertThat(ended.getString("result.sessionId")).isNotBlank();
        assertThat(ended.getBoolean("result.isError")).isFalse();
        assertThat(ended.getInt("result.turns")).isPositive();
        assertThat(ended.getDouble("result.costUsd")).isZero();
    }

    @Test
    void aPromptThatFailsSaysSo() {
        JsonPath ended = alice.ended(alice.started(Map.of("prompt", Map.of("input", "FAIL\nplease"))));
        assertThat(ended.getString("status")).isEqualTo("failed");
        assertThat(ended.getBoolean("result.isError")).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                                        | validation_failed | command",
                "{\"command\": \"x\", \"prompt\": {\"input\": \"y\"}}      | validation_failed | command",
                "{\"prompt\": {\"input\": \" \"}}                          | validation_failed | prompt.input",
                "{\"prompt\": {\"input\": \"x\", \"model\": \"a b\"}}      | validation_failed | prompt.model",
                "{\"prompt\": {\"input\": \"x\", \"maxTurns\": 0}}         | validation_failed | prompt.maxTurns",
                "{\"prompt\": {\"input\": \"x\", \"foo\": 0}}              | unknown_field     | prompt.foo",
                "{\"prompt\": {\"input\": \"x\"}, \"cwd\": \"/tmp\"}       | validation_failed | cwd",
                "{\"command\": \"x\", \"stdin\": \"maybe\"}                | validation_failed | stdin",
                "{\"command\": \"x\", \"timeoutSeconds\": 90000}           | validation_failed | timeoutSeconds",
                "{\"command\": \"x\", \"timeoutSeconds\": \"5\"}           | validation_failed | timeoutSeconds",
            })
    void badRequestsNameTheField(String body, String code, String field) {
        as(alice.userId())
                .body(body)
                .post("/api/v1/sandboxes/{id}/jobs", alice.sandboxId())
                .then()
                .statusCode(400)
                .body("code", equalTo(code))
                .body("violations.field", hasItems(field));
    }

    @Test
    void badCursorsAndParametersAreRefused() {
        String id = alice.started("true");
        String other = alice.started("true");
        String foreign = alice.get(other).path("cursor");
        alice.output(id, Map.of("cursor", "nonsense")).then().statusCode(400).body("code", equalTo("invalid_cursor"));
        alice.output(id, Map.of("cursor", foreign)).then().statusCode(400).body("code", equalTo("invalid_cursor"));
        alice.output(id, Map.of("stream", "both")).then().statusCode(400).body("code", equalTo("validation_failed"));
        alice.output(id, Map.of("nope", "1")).then().statusCode(400).body("code", equalTo("unknown_parameter"));
    }

    private Response startWithKey(String key, String command) {
        return startWithKey(alice, key, command);
    }

    private static Response startWithKey(JobCalls calls, String key, String command) {
        return as(calls.userId())
                .header("Idempotency-Key", key)
                .body(Map.of("command", command))
                .post("/api/v1/sandboxes/{id}/jobs", calls.sandboxId());
    }

    private static String sha256(byte[] bytes) {
        try {
            return java.util.HexFormat.of()
                    .formatHex(
                            java.security.MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
