package dev.omni.sandbox;

import static dev.omni.TestUsers.as;
import static dev.omni.sandbox.Users.createReady;
import static dev.omni.sandbox.Users.createSandbox;
import static dev.omni.sandbox.Users.somebody;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.notNullValue;

import dev.omni.TestUsers;
import dev.omni.daytona.StrainedDaytona;
import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.daytona.local.Throttlers;
import dev.omni.observe.LogLines;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What users see of a Daytona that is throttled, slow or down. */
@QuarkusTest
@TestProfile(StrainedDaytona.class)
class StrainedDaytonaTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Inject
    LocalDaytona daytona;

    @Inject
    MeterRegistry meters;

    @TestHTTPResource
    URI base;

    @AfterEach
    void nothingIsBroken() {
        daytona.faults().clear();
        daytona.throttlers().clear();
        String user = somebody();
        await().atMost(PATIENCE).until(() -> list(user).statusCode() == 200);
        await().atMost(PATIENCE).until(() -> createSandbox(user, "{}").extract().statusCode() == 201);
    }

    @Test
    void aThrottledCreateIsAnsweredAtOnceAndReachesDaytonaOnlyWhenItIsTime() {
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.tooManyRequests("sandbox-create", 3));
        int before = creates();
        try (LogLines log = new LogLines("")) {
            isBusy(createSandbox(somebody(), "{}").extract().response());
            isBusy(createSandbox(somebody(), "{}").extract().response());
            assertThat(log.lines())
                    .noneMatch(line -> line.level().intValue() >= Level.SEVERE.intValue())
                    .noneMatch(LogLines.Line::hasStack);
        }
        assertThat(creates() - before).isOne();

        String user = somebody();
        await().atMost(PATIENCE).until(() -> createSandbox(user, "{}").extract().statusCode() == 201);
        assertThat(creates() - before).isEqualTo(2);
    }

    @Test
    void aBudgetThatIsUsedUpIsNotOverdrawn() {
        daytona.throttlers().limit(Throttlers.SANDBOX_CREATE, 1, Duration.ofSeconds(3));
        int before = creates();
        createSandbox(somebody(), "{}").statusCode(201);

        isBusy(createSandbox(somebody(), "{}").extract().response());

        assertThat(creates() - before).isOne();
        String user = somebody();
        await().atMost(PATIENCE).until(() -> createSandbox(user, "{}").extract().statusCode() == 201);
        // Daytona would have refused each one too early.
        assertThat(creates() - before).isEqualTo(2);
    }

    @Test
    void pollsYieldWhileCreatesAndReadsGo() {
        String user = somebody();
        String id = createReady(user);
        daytona.throttlers().limit(Throttlers.AUTHENTICATED, 40, Duration.ofSeconds(6));
        for (int i = 0; i < 33; i++) {
            get(user, id).then().statusCode(200);
        }
        int creates = creates();
        int reads = daytona.traffic().requests(Operation.GET_SANDBOX);
        double delays = delays("poll");

        CompletableFuture<String> created = CompletableFuture.supplyAsync(() -> createReady(somebody()));
        await().until(() -> delays("poll") > delays);
        get(user, id).then().statusCode(200);

        assertThat(creates() - creates).isOne();
        assertThat(daytona.traffic().requests(Operation.GET_SANDBOX) - reads).isOne();
        assertThat(created).isNotDone();
        assertThat(created.join()).isNotEmpty();
    }

    @Test
    void aPlatformThatIsDownIsAnsweredForAtOnceAndFoundAgain() {
        String user = somebody();
        String id = createReady(user);
        daytona.faults().on(Operation.GET_SANDBOX).always(Fault.status(503));
        await().atMost(PATIENCE).until(() -> {
            get(user, id).then().statusCode(503);
            return circuit("reads") == 2;
        });
        int asked = daytona.traffic().requests(Operation.GET_SANDBOX);

        get(user, id)
                .then()
                .statusCode(503)
                .body("code", equalTo("upstream_unavailable"))
                .header("Retry-After", notNullValue());

        assertThat(daytona.traffic().requests(Operation.GET_SANDBOX)).isEqualTo(asked);
        assertThat(meters.get("ft.circuitbreaker.calls.total")
                        .tag("method", "daytona reads")
                        .counters())
                .isNotEmpty();
        given().get("/q/health/ready").then().statusCode(200);
        // How many the user has cannot be known, so none is made.
        int creates = creates();
        createSandbox(user, "{}").statusCode(503);
        assertThat(creates()).isEqualTo(creates);
        daytona.faults().clear();
        await().atMost(PATIENCE).until(() -> get(user, id).statusCode() == 200);
        assertThat(circuit("reads")).isZero();
    }

    @Test
    void aSandboxThatWasMadeIsToldThoughItCannotBeLookedAt() {
        String id = "0b6f1c1e-0000-4000-8000-000000000042";
        daytona.faults()
                .on(Operation.CREATE_SANDBOX)
                .once(Fault.answer(200, Map.of("Content-Type", "application/json"), """
                        {"id":"%s","name":"made","labels":{},"state":"creating","cpu":1,"memory":1,"disk":3,
                         "autoStopInterval":15,"autoArchiveInterval":10080,"autoDeleteInterval":-1,
                         "createdAt":"2026-06-25T10:00:00.000Z",
                         "toolboxProxyUrl":"http://127.0.0.1:1/toolbox"}""".formatted(id)));
        daytona.faults().on(Operation.GET_SANDBOX).always(Fault.status(503));

        as(somebody())
                .header("Prefer", "wait=5")
                .body("{}")
                .post("/api/v1/sandboxes")
                .then()
                .statusCode(201)
                .body("id", equalTo(id))
                .body("status", equalTo("creating"));
    }

    @Test
    void aSandboxThatWasStoppedIsToldThoughItCannotBeLookedAt() {
        String user = somebody();
        String id = createReady(user);
        daytona.faults().on(Operation.STOP_SANDBOX).once(Fault.delay(Duration.ofSeconds(1)));
        int before = daytona.traffic().requests(Operation.STOP_SANDBOX);

        CompletableFuture<Response> stopped = CompletableFuture.supplyAsync(
                () -> as(user).post("/api/v1/sandboxes/{id}/stop", id),
                thread -> Thread.ofVirtual().start(thread));
        await().until(() -> daytona.traffic().requests(Operation.STOP_SANDBOX) > before);
        daytona.faults().on(Operation.GET_SANDBOX).always(Fault.status(503));

        stopped.join().then().statusCode(202).body("id", equalTo(id)).body("status", equalTo("stopping"));
    }

    @Test
    void moreCreatesThanMayWaitAreRefusedAtOnceAndTheOthersSucceed() {
        daytona.faults().on(Operation.CREATE_SANDBOX).times(2, Fault.delay(Duration.ofSeconds(3)));
        int before = creates();
        List<CompletableFuture<Response>> burst = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            String user = somebody();
            TestUsers.token(user);
            burst.add(CompletableFuture.supplyAsync(
                    () -> createSandbox(user, "{}").extract().response(),
                    thread -> Thread.ofVirtual().start(thread)));
        }
        await().until(() -> creates() - before == 2 && waiting("starts") == 4);

        Response refused = createSandbox(somebody(), "{}").extract().response();

        refused.then()
                .statusCode(503)
                .body("code", equalTo("upstream_unavailable"))
                .header("Retry-After", "1");
        assertThat(creates() - before).isEqualTo(2);
        assertThat(burst)
                .allSatisfy(create -> assertThat(create.join().statusCode()).isEqualTo(201));
        assertThat(creates() - before).isEqualTo(6);
    }

    @Test
    void aClientThatHangsUpLeavesNothingRunning() throws IOException {
        String user = somebody();
        daytona.faults().on(Operation.LIST_SANDBOXES).once(Fault.delay(Duration.ofSeconds(30)));
        try (Socket client = new Socket(base.getHost(), base.getPort())) {
            client.getOutputStream().write("""
                            GET /api/v1/sandboxes HTTP/1.1\r
                            Host: %s\r
                            Authorization: Bearer %s\r
                            \r
                            """.formatted(base.getAuthority(), TestUsers.token(user))
                    .getBytes(StandardCharsets.US_ASCII));
            await().until(() -> running("reads") == 1);
        }

        await().until(() -> running("reads") == 0);
        assertThat(meters.get("omni.daytona.calls")
                        .tags("operation", "list_sandboxes", "outcome", "cancelled")
                        .timer()
                        .count())
                .isPositive();
    }

    @Test
    void aStuckSandboxDoesNotHoldUpAnother() {
        String unlucky = somebody();
        String stuck = createReady(unlucky);
        String other = somebody();
        String works = createReady(other);
        exec(unlucky, stuck).then().statusCode(200);
        daytona.faults().onPath("/toolbox/" + stuck + "/").always(Fault.delay(Duration.ofSeconds(4)));
        List<CompletableFuture<Response>> waiting = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            waiting.add(CompletableFuture.supplyAsync(
                    () -> exec(unlucky, stuck), thread -> Thread.ofVirtual().start(thread)));
        }
        await().until(() -> running("toolbox_changes") == 2 && waiting("toolbox_changes") > 0);

        exec(other, works).then().statusCode(200).body("stdout", equalTo("hello\n"));

        assertThat(waiting("toolbox_changes")).isPositive();
        daytona.faults().clear();
        waiting.forEach(CompletableFuture::join);
    }

    private static void isBusy(Response response) {
        response.then().statusCode(503).body("code", equalTo("upstream_rate_limited"));
        assertThat(Integer.parseInt(response.header("Retry-After"))).isBetween(1, 3);
    }

    private static Response get(String user, String id) {
        return as(user).get("/api/v1/sandboxes/{id}", id);
    }

    private static Response list(String user) {
        return as(user).get("/api/v1/sandboxes");
    }

    private static Response exec(String user, String id) {
        return as(user).body(Map.of("command", "echo hello")).post("/api/v1/sandboxes/{id}/exec", id);
    }

    private int creates() {
        return daytona.traffic().requests(Operation.CREATE_SANDBOX);
    }

    private double delays(String priority) {
        return meters.get("omni.daytona.governor.delays")
                .tag("priority", priority)
                .counter()
                .count();
    }

    private double circuit(String group) {
        return gauge("omni.daytona.circuit.state", group);
    }

    private double running(String group) {
        return gauge("omni.daytona.bulkhead.running", group);
    }

    private double waiting(String group) {
        return gauge("omni.daytona.bulkhead.waiting", group);
    }

    private double gauge(String name, String group) {
        return meters.get(name).tag("group", group).gauge().value();
    }
}
