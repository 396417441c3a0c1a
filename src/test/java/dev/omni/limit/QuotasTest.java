package dev.omni.limit;

import static dev.omni.TestUsers.as;
import static dev.omni.TestUsers.token;
import static dev.omni.sandbox.Users.createReady;
import static dev.omni.sandbox.Users.somebody;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import dev.omni.RawHttp;
import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.job.JobCalls;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@TestProfile(SmallQuotas.class)
class QuotasTest {
    private static final String SANDBOXES = "/api/v1/sandboxes";
    private static final Map<String, String> LONG = Map.of("command", "sleep 60");
    private static final int CALLS = 10;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final String alice = somebody();

    @Inject
    LocalDaytona daytona;

    @AfterEach
    void noFaults() {
        daytona.faults().clear();
    }

    @Test
    void soManySandboxesAndNoMoreHoweverManyAreAskedForAtOnce() {
        List<Response> answers = atOnce(CALLS, () -> create(Map.of()));

        assertThat(answers.stream().filter(answer -> answer.statusCode() == 201))
                .hasSize(SmallQuotas.SANDBOXES);
        answers.stream()
                .filter(answer -> answer.statusCode() != 201)
                .forEach(answer -> isRefused(answer, "sandboxes", SmallQuotas.SANDBOXES));
        assertThat(sandboxes()).hasSize(SmallQuotas.SANDBOXES);
        assertThat(used("sandboxes")).isEqualTo(SmallQuotas.SANDBOXES);
        assertThat(given().get("/q/metrics").asString()).contains("omni_quota_refusals_total{quota=\"sandboxes\"}");
    }

    @Test
    void whatIsThereIsGivenAlsoWhenTheQuotaIsUsedUp() {
        String own = as(alice)
                .put(SANDBOXES + "/default")
                .then()
                .statusCode(201)
                .extract()
                .path("id");
        Map<String, String> key = Map.of("Idempotency-Key", "first");
        String first = create(key).then().statusCode(201).extract().path("id");
        create(Map.of()).then().statusCode(201);

        isRefused(create(Map.of("Idempotency-Key", "second")), "sandboxes", SmallQuotas.SANDBOXES);
        create(key).then().statusCode(201).body("id", equalTo(first));
        as(alice).put(SANDBOXES + "/default").then().statusCode(200).body("id", equalTo(own));
    }

    @Test
    void theDefaultSandboxIsOneOfThem() {
        for (int i = 0; i < SmallQuotas.SANDBOXES; i++) {
            create(Map.of()).then().statusCode(201);
        }

        isRefused(as(alice).put(SANDBOXES + "/default"), "sandboxes", SmallQuotas.SANDBOXES);
    }

    @Test
    void aDeletedSandboxMakesRoomForAnother() {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < SmallQuotas.SANDBOXES; i++) {
            ids.add(create(Map.of("Prefer", "wait=20"))
                    .then()
                    .statusCode(201)
                    .extract()
                    .path("id"));
        }
        as(alice).delete(SANDBOXES + "/" + ids.getFirst()).then().statusCode(204);

        create(Map.of()).then().statusCode(201);
    }

    @Test
    void soManyJobsRunInASandboxAndNoMore() {
        JobCalls calls = new JobCalls(alice, createReady(alice));
        Response first = startWithKey(calls, "first");
        String firstId = first.then().statusCode(202).extract().path("id");
        for (int i = 1; i < SmallQuotas.JOBS_PER_SANDBOX; i++) {
            calls.start(LONG).then().statusCode(202);
        }

        isRefused(calls.start(LONG), "jobs_per_sandbox", SmallQuotas.JOBS_PER_SANDBOX);
        isRefused(calls.exec(Map.of("command", "true")), "jobs_per_sandbox", SmallQuotas.JOBS_PER_SANDBOX);
        startWithKey(calls, "first").then().statusCode(202).body("id", equalTo(firstId));

        calls.cancel(firstId).then().statusCode(202);
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> calls.get(firstId).path("status").equals("cancelled"));
        assertThat(calls.stdout("echo room again")).isEqualTo("room again\n");
        assertThat(calls.list().<Integer>path("items.size()")).isEqualTo(SmallQuotas.JOBS_PER_SANDBOX);
    }

    @Test
    void noMoreThanThatHoweverManyAreStartedAtOnce() {
        JobCalls calls = new JobCalls(alice, createReady(alice));

        List<Response> answers = atOnce(CALLS, () -> calls.start(LONG));

        // Those who come together may leave a place to each other that then nobody takes.
        assertThat(answers.stream().filter(answer -> answer.statusCode() == 202))
                .hasSizeBetween(1, SmallQuotas.JOBS_PER_SANDBOX);
        assertThat(answers).allMatch(answer -> answer.statusCode() == 202 || answer.statusCode() == 422);
    }

    @Test
    void aCallThatIsRepeatedWhileTheFirstStillStartsTakesNoPlaceOfItsOwn() {
        JobCalls one = new JobCalls(alice, createReady(alice));
        JobCalls two = new JobCalls(alice, createReady(alice));
        for (int i = 1; i < SmallQuotas.JOBS_PER_USER; i++) {
            two.start(LONG).then().statusCode(202);
        }
        // Longer than a repeated call waits for the first.
        daytona.faults().on(Operation.SESSION_EXEC, one.sandboxId()).once(Fault.delay(Duration.ofSeconds(7)));
        int before = daytona.traffic().requests(Operation.SESSION_EXEC);
        var first = new CompletableFuture<Response>();
        first.completeAsync(() -> startWithKey(one, "again"), Thread.ofVirtual()::start);
        await().until(() -> daytona.traffic().requests(Operation.SESSION_EXEC) > before);

        String id = startWithKey(one, "again").then().statusCode(202).extract().path("id");

        first.join().then().statusCode(202).body("id", equalTo(id));
        assertThat(used("jobs_per_user")).isEqualTo(SmallQuotas.JOBS_PER_USER);
        one.get(id).then().statusCode(200).body("status", equalTo("running"));
    }

    @Test
    void whoeverHangsUpWhileACommandStartsLeavesNothingBehind() throws IOException {
        JobCalls calls = new JobCalls(alice, createReady(alice));
        daytona.faults().on(Operation.SESSION_EXEC, calls.sandboxId()).once(Fault.delay(Duration.ofSeconds(3)));
        int before = daytona.traffic().requests(Operation.SESSION_EXEC);
        int deleted = daytona.traffic().requests(Operation.DELETE_SESSION);
        String body = "{\"command\": \"echo $$ > pid; exec sleep 60\"}";
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), RawHttp.port())) {
            socket.getOutputStream().write("""
                    POST /api/v1/sandboxes/%s/exec HTTP/1.1\r
                    Host: localhost\r
                    Authorization: Bearer %s\r
                    Content-Type: application/json\r
                    Content-Length: %d\r
                    \r
                    %s""".formatted(calls.sandboxId(), token(alice), body.length(), body)
                    .getBytes(StandardCharsets.US_ASCII));
            await().until(() -> daytona.traffic().requests(Operation.SESSION_EXEC) > before);
        }

        await().atMost(PATIENCE)
                .until(() ->
                        daytona.traffic().requests(Operation.DELETE_SESSION) > deleted && used("jobs_per_user") == 0);
        assertThat(calls.stdout("test -f pid && kill -0 $(cat pid) 2>/dev/null && echo runs || echo gone"))
                .isEqualTo("gone\n");
        await().atMost(PATIENCE)
                .until(() -> calls.stdout("ls -A ~/.omni/jobs | wc -l").equals("1\n"));
    }

    @Test
    void soManyJobsOfAUserRunInAllSandboxesTogether() {
        JobCalls one = new JobCalls(alice, createReady(alice));
        JobCalls two = new JobCalls(alice, createReady(alice));
        one.start(LONG).then().statusCode(202);
        one.start(LONG).then().statusCode(202);
        String last = two.started("sleep 60");
        two.start(LONG).then().statusCode(202);

        isRefused(one.start(LONG), "jobs_per_user", SmallQuotas.JOBS_PER_USER);
        isRefused(two.exec(Map.of("command", "true")), "jobs_per_user", SmallQuotas.JOBS_PER_USER);
        assertThat(used("jobs_per_user")).isEqualTo(SmallQuotas.JOBS_PER_USER);

        two.cancel(last).then().statusCode(202);
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> used("jobs_per_user") < SmallQuotas.JOBS_PER_USER);
        one.start(LONG).then().statusCode(202);
    }

    @Test
    void aCommandThatHasEndedIsNotCountedAnyMore() {
        JobCalls calls = new JobCalls(alice, createReady(alice));
        for (int i = 0; i < SmallQuotas.JOBS_PER_USER + 2; i++) {
            assertThat(calls.stdout("echo " + i)).isEqualTo(i + "\n");
        }

        await().atMost(PATIENCE).pollInterval(Duration.ofSeconds(1)).until(() -> used("jobs_per_user") == 0);
    }

    private Response create(Map<String, String> headers) {
        return as(alice).headers(headers).body("{}").post(SANDBOXES);
    }

    private static Response startWithKey(JobCalls calls, String key) {
        return as(calls.userId())
                .header("Idempotency-Key", key)
                .body(LONG)
                .post(SANDBOXES + "/{id}/jobs", calls.sandboxId());
    }

    private List<String> sandboxes() {
        return as(alice)
                .get(SANDBOXES)
                .then()
                .statusCode(200)
                .extract()
                .path("items.findAll { it.status != 'deleting' }.id");
    }

    private int used(String quota) {
        return as(alice)
                .get("/api/v1/limits")
                .then()
                .statusCode(200)
                .extract()
                .jsonPath()
                .getInt("quotas.find { it.name == '%s' }.used".formatted(quota));
    }

    private static ValidatableResponse isRefused(Response answer, String quota, int limit) {
        return answer.then()
                .statusCode(422)
                .contentType("application/problem+json")
                .body("code", equalTo("quota_exceeded"))
                .body("detail", containsString("\"%s\" of %d".formatted(quota, limit)));
    }

    private static List<Response> atOnce(int times, Supplier<Response> call) {
        List<CompletableFuture<Response>> answers = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            var answer = new CompletableFuture<Response>();
            answers.add(answer.completeAsync(call, Thread.ofVirtual()::start));
        }
        return answers.stream().map(CompletableFuture::join).toList();
    }
}
