package dev.omni.daytona.local;

import static dev.omni.daytona.local.Wired.object;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.omni.daytona.local.Wired.Box;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What can be made to go wrong, and what can be seen of the requests. */
class LocalFaultsTest {
    private static Vertx vertx;
    private static LocalDaytona daytona;
    private static Faults faults;
    private static Wired wired;

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
        daytona = LocalDaytona.start(
                vertx,
                new LocalDaytonaOptions().startDelay(Duration.ofMillis(10)).warmPool(true));
        faults = daytona.faults();
        wired = new Wired(daytona);
    }

    @AfterEach
    void noFaults() {
        faults.clear();
        daytona.throttlers().clear();
    }

    @Test
    void aThrottlerTellsWhatIsLeftAndThenRefusesForAWholeWindow() throws Exception {
        daytona.throttlers().limit(Throttlers.AUTHENTICATED, 2, Duration.ofSeconds(30));

        HttpHeaders headers = wired.get("/api/sandbox").headers();
        assertThat(headers.firstValue("X-RateLimit-Limit-authenticated")).hasValue("2");
        assertThat(headers.firstValue("X-RateLimit-Remaining-authenticated")).hasValue("1");
        assertThat(headers.firstValue("X-RateLimit-Reset-authenticated")).hasValue("30");
        assertThat(wired.get("/api/sandbox").statusCode()).isEqualTo(200);
        HttpResponse<String> refused = wired.get("/api/sandbox");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("Retry-After-authenticated")).hasValue("30");
        assertThat(object(refused).getString("message")).isEqualTo("ThrottlerException: Too Many Requests");

        assertThat(wired.post("/api/sandbox", new JsonObject()).statusCode()).isEqualTo(200);
        daytona.throttlers().clear();
        HttpResponse<String> free = wired.get("/api/sandbox");
        assertThat(free.statusCode()).isEqualTo(200);
        assertThat(free.headers().firstValue("X-RateLimit-Limit-authenticated")).isEmpty();
    }

    @AfterAll
    static void stop() {
        daytona.close();
        vertx.close();
    }

    @Test
    void aWarmPoolAnswersCreateWithAStartedSandbox() throws Exception {
        JsonObject created = object(wired.post("/api/sandbox", new JsonObject()));

        assertThat(created.getString("state")).isEqualTo("started");
        assertThat(new Box(wired, created.getString("id")).execute("echo hi").getString("result"))
                .isEqualTo("hi\n");
    }

    @Test
    void aStatusStrikesAsOftenAsToldWithTheUsualBody() throws Exception {
        faults.on(Operation.LIST_SANDBOXES).times(2, Fault.status(503));

        HttpResponse<String> first = wired.get("/api/sandbox");
        assertThat(first.statusCode()).isEqualTo(503);
        assertThat(object(first).getString("error")).isEqualTo("Service Unavailable");
        assertThat(wired.get("/api/sandbox").statusCode()).isEqualTo(503);
        assertThat(wired.get("/api/sandbox").statusCode()).isEqualTo(200);
    }

    @Test
    void tooManyRequestsNameTheirThrottler() throws Exception {
        faults.on(Operation.CREATE_SANDBOX).always(Fault.tooManyRequests("sandbox-create", 7));

        HttpResponse<String> response = wired.post("/api/sandbox", new JsonObject());

        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(response.headers().firstValue("Retry-After-sandbox-create")).hasValue("7");
        assertThat(response.headers().firstValue("Retry-After")).isEmpty();
        assertThat(object(response).getString("message")).isEqualTo("ThrottlerException: Too Many Requests");
        faults.clear();
        assertThat(wired.post("/api/sandbox", new JsonObject()).statusCode()).isEqualTo(200);
    }

    @Test
    void anAnswerCanBeAnything() throws Exception {
        faults.onPath("/api/sandbox/x").once(Fault.answer(200, Map.of("X-A", "b"), "not json"));

        HttpResponse<String> response = wired.get("/api/sandbox/x");

        assertThat(response.body()).isEqualTo("not json");
        assertThat(response.headers().firstValue("X-A")).hasValue("b");
    }

    @Test
    void aResetConnectionHasNoAnswerAndALostAnswerHasDoneItsWork() throws Exception {
        String name = "lost-" + UUID.randomUUID();
        JsonObject request = new JsonObject().put("name", name);

        faults.on(Operation.CREATE_SANDBOX).once(Fault.reset());
        assertThatThrownBy(() -> wired.post("/api/sandbox", request)).isInstanceOf(IOException.class);
        assertThat(wired.get("/api/sandbox/" + name).statusCode()).isEqualTo(404);

        faults.on(Operation.CREATE_SANDBOX).once(Fault.lostAnswer());
        assertThatThrownBy(() -> wired.post("/api/sandbox", request)).isInstanceOf(IOException.class);
        assertThat(wired.get("/api/sandbox/" + name).statusCode()).isEqualTo(200);
    }

    @Test
    void aDelayIsOnlyADelay() throws Exception {
        faults.on(Operation.HEALTH).once(Fault.delay(Duration.ofMillis(300)));
        long start = System.nanoTime();

        assertThat(wired.get("/api/health").statusCode()).isEqualTo(200);

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(290));
    }

    @Test
    void aSandboxThatFailsToStartExistsInError() throws Exception {
        String name = "broken-" + UUID.randomUUID();
        faults.on(Operation.CREATE_SANDBOX).once(new Fault.FailedStart("no disk", true));

        HttpResponse<String> response = wired.post("/api/sandbox", new JsonObject().put("name", name));

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(object(response).getString("message")).isEqualTo("Sandbox failed to start: no disk");
        JsonObject sandbox = object(wired.get("/api/sandbox/" + name));
        assertThat(sandbox.getString("state")).isEqualTo("error");
        assertThat(sandbox.getString("errorReason")).isEqualTo("no disk");
        assertThat(wired.post("/api/sandbox/" + name + "/start").statusCode()).isEqualTo(400);
        assertThat(object(wired.post("/api/sandbox/" + name + "/recover")).getString("state"))
                .isEqualTo("started");
        assertThat(wired.delete("/api/sandbox/" + name).statusCode()).isEqualTo(200);
    }

    @Test
    void requestsAreCountedAndTheirLastHeadersKept() throws Exception {
        int before = daytona.traffic().requests(Operation.PREVIEW_URL);

        wired.send(wired.request("/api/sandbox/none/ports/1/preview-url").header("X-Request-Id", "r-1"));

        assertThat(daytona.traffic().requests(Operation.PREVIEW_URL)).isEqualTo(before + 1);
        assertThat(daytona.traffic().lastHeader(Operation.PREVIEW_URL, "x-request-id"))
                .isEqualTo("r-1");
    }
}
