package dev.omni.packaged;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.LocalDaytonaOptions;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The key for Daytona is changed, well and badly, while users call and read: none of them notices. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KeyRotationIT {
    private static final String KEY = "omni.daytona.api-key";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Vertx vertx = Vertx.vertx();
    private final LocalDaytona daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions());
    private final Issuer issuer = new Issuer();
    private final PackagedApplication omni =
            PackagedApplication.start(issuer.settings(daytona.apiUrl(), daytona.apiKey()));

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicInteger calls = new AtomicInteger();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();

    KeyRotationIT() throws Exception {}

    @AfterAll
    void end() throws IOException {
        over.set(true);
        threads.shutdownNow();
        omni.close();
        issuer.close();
        daytona.close();
        vertx.close();
    }

    @Test
    void noCallFailsAndNoStreamEnds() throws IOException {
        String sandbox = user().header("Prefer", "wait=30")
                .put(omni.url("/api/v1/sandboxes/default"))
                .then()
                .statusCode(201)
                .extract()
                .path("id");
        String base = omni.url("/api/v1/sandboxes/" + sandbox);
        String job = user().body(Map.of(
                        "command",
                        "i=0; until [ -e ~/enough ]; do i=$((i+1)); echo line $i; sleep 0.05; done; echo end"))
                .post(base + "/jobs")
                .then()
                .statusCode(202)
                .extract()
                .path("id");
        CompletableFuture<String> stream = CompletableFuture.supplyAsync(
                () -> user().get(base + "/jobs/" + job + "/events").asString(), threads);
        List<CompletableFuture<Void>> load = IntStream.range(0, 4)
                .mapToObj(i -> CompletableFuture.runAsync(() -> callOn(base), threads))
                .toList();
        goOnFor(20);

        // A good one, after which the one before is good for nothing.
        String second = daytona.addKey();
        issuer.secret(KEY, second);
        awaitLog("Daytona takes the new key");
        goOnFor(20);
        daytona.revokeKey(daytona.apiKey());
        goOnFor(20);

        // One that Daytona has never seen.
        issuer.secret(KEY, "dtn_mistyped");
        awaitLog("Daytona refuses the new key");
        goOnFor(20);
        assertThat(metrics()).containsPattern("omni_daytona_key_refusals_total\\{.*outcome=\"fell_back\".*} [1-9]");

        // And one to replace it, in time.
        String third = daytona.addKey();
        issuer.secret(KEY, third);
        await().atMost(PATIENCE).until(() -> occurrences("Daytona takes the new key") == 2);
        daytona.revokeKey(second);
        goOnFor(20);

        // Its file removed, it stays in force: the key of the start has long been revoked.
        issuer.withdraw(KEY);
        awaitLog("The secret " + KEY + " is gone");
        goOnFor(20);

        over.set(true);
        load.forEach(CompletableFuture::join);
        assertThat(failures).isEmpty();
        user().body(Map.of("command", "touch ~/enough"))
                .post(base + "/exec")
                .then()
                .statusCode(200);
        assertThat(stream.join()).contains("line 1\\n", "end\\n", "\"exitCode\":0");

        // Nobody calls any more, but for who asks whether it is ready.
        String fourth = daytona.addKey();
        issuer.secret(KEY, fourth);
        await().atMost(PATIENCE).until(() -> {
            given().get(omni.management("/q/health/ready")).then().statusCode(200);
            return occurrences("Daytona takes the new key") == 3;
        });
        assertThat(occurrences("Daytona refuses the new key")).isEqualTo(1);
        assertThat(metrics())
                .containsPattern(
                        "omni_secret_reloads_total\\{.*outcome=\"loaded\".*secret=\"omni.daytona.api-key\".*} [4-9]");
        assertThat(omni.log()).doesNotContain(daytona.apiKey(), second, third, fourth, "dtn_mistyped");
    }

    private void callOn(String base) {
        while (!over.get()) {
            call("get", 200, () -> user().get(base));
            call("list", 200, () -> user().get(base + "/jobs"));
            call("exec", 200, () -> user().body(Map.of("command", "true")).post(base + "/exec"));
        }
    }

    private void call(String what, int expected, Supplier<Response> call) {
        Response answer = call.get();
        calls.incrementAndGet();
        if (answer.statusCode() != expected) {
            failures.add(what + ": " + answer.statusCode() + " " + answer.asString());
        }
    }

    /** Waits until so many more calls have been made. */
    private void goOnFor(int more) {
        int before = calls.get();
        await().atMost(PATIENCE).until(() -> calls.get() >= before + more);
    }

    private void awaitLog(String text) {
        await().atMost(PATIENCE).until(() -> omni.log().contains(text));
    }

    private long occurrences(String text) throws IOException {
        return omni.log().lines().filter(line -> line.contains(text)).count();
    }

    private String metrics() {
        return given().get(omni.management("/q/metrics")).asString();
    }

    private RequestSpecification user() {
        return given().auth().oauth2(issuer.token("alice")).contentType(ContentType.JSON);
    }
}
