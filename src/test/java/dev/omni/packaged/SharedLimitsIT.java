package dev.omni.packaged;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.LocalDaytonaOptions;
import dev.omni.daytona.local.Operation;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Two processes of the packaged application count together through a Redis that comes and goes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class SharedLimitsIT {
    private static final int RUNS = 20;
    private static final int SANDBOXES = 10;
    private static final int JOBS = 3;
    private static final String NO_SANDBOX = "/api/v1/sandboxes/00000000-0000-4000-8000-000000000000";
    private static final String AWAY = "Redis is away; limits are kept by each replica on its own";
    private static final String THERE = "Redis is there: limits are shared";
    private static final String DEGRADED = "omni_limit_decisions_total{outcome=\"degraded\",policy=\"run\"}";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Vertx vertx = Vertx.vertx();
    private final LocalDaytona daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions());
    private final Issuer issuer = new Issuer();
    private final TestRedis redis = new TestRedis();
    private final PackagedApplication one;
    private final PackagedApplication two;

    SharedLimitsIT() throws Exception {
        redis.start();
        Map<String, String> settings = issuer.settings(daytona.apiUrl(), daytona.apiKey());
        settings.put("QUARKUS_REDIS_HOSTS", redis.url());
        settings.put("OMNI_LIMIT_RUN_USER", RUNS + "/1H");
        settings.put("OMNI_LIMIT_QUOTA_SANDBOXES", String.valueOf(SANDBOXES));
        settings.put("OMNI_LIMIT_QUOTA_JOBS_PER_USER", String.valueOf(JOBS));
        settings.put("OMNI_LIMIT_SHARED_RETRY_INTERVAL", "500ms");
        // A machine that runs all of this at once may take its time; a Redis that is away is away for longer.
        settings.put("OMNI_LIMIT_SHARED_TIMEOUT", "1s");
        one = PackagedApplication.start(settings);
        two = PackagedApplication.start(settings);
    }

    @BeforeEach
    void bothShare() {
        await().atMost(PATIENCE).until(() -> isUp(one) && isUp(two));
    }

    @AfterAll
    void end() throws IOException {
        one.close();
        two.close();
        redis.close();
        issuer.close();
        daytona.close();
        vertx.close();
    }

    @Test
    void aLimitIsOneOfAllReplicasTogether() {
        assertThatTheyCountTogether();
    }

    private void assertThatTheyCountTogether() {
        String alice = somebody();
        for (int i = 0; i < RUNS; i++) {
            assertThat(run(i % 2 == 0 ? one : two, alice).statusCode()).isEqualTo(404);
        }

        assertThat(run(one, alice).statusCode()).isEqualTo(429);
        Response refusal = run(two, alice);
        assertThat(refusal.statusCode()).isEqualTo(429);
        assertThat(Integer.parseInt(refusal.header("Retry-After"))).isPositive();
        assertThat(refusal.header("RateLimit")).contains("\"run\";r=0;t=");
        assertThat(as(alice)
                        .get(two.url("/api/v1/limits"))
                        .<Integer>path("rates.find { it.policy == 'run' && it.per == 'user' }.remaining"))
                .isZero();
        assertThat(run(two, somebody()).statusCode()).isEqualTo(404);
    }

    @Test
    void aFloodOnAllReplicasAtOnceGetsNoMoreThanTheLimit() {
        run(one, somebody());
        run(two, somebody());
        String alice = somebody();

        List<Response> answers = atOnce(4 * RUNS, i -> run(i % 2 == 0 ? one : two, alice));

        assertThat(answers.stream().filter(answer -> answer.statusCode() == 404))
                .as(() -> logs().lines().filter(line -> line.contains("Redis")).toList() + "; degraded: "
                        + metric(one, DEGRADED) + " and " + metric(two, DEGRADED))
                .hasSizeLessThanOrEqualTo(RUNS);
        assertThat(answers).allMatch(answer -> answer.statusCode() == 404 || answer.statusCode() == 429);
    }

    @Test
    void withoutRedisEachReplicaLimitsOnItsOwn() throws Exception {
        String alice = somebody();
        for (int i = 0; i < RUNS / 2; i++) {
            run(one, alice);
        }
        long away = lines(one, AWAY);
        long there = lines(one, THERE);
        redis.kill();
        try {
            // What was let through here before still counts.
            assertThat(letThrough(one, alice, RUNS)).isEqualTo(RUNS / 2);
            assertThat(letThrough(one, somebody(), 2 * RUNS)).isEqualTo(RUNS);
            assertThat(letThrough(two, alice, 2 * RUNS)).isEqualTo(RUNS);
            assertThat(lines(one, AWAY)).isEqualTo(away + 1);
            assertThat(metric(one, DEGRADED)).isPositive();
        } finally {
            redis.start();
        }

        bothShare();
        assertThat(lines(one, THERE)).isEqualTo(there + 1);
        assertThatTheyCountTogether();
    }

    @Test
    void aRedisThatHangsIsNotWaitedFor() throws Exception {
        String alice = somebody();
        redis.freeze();
        try {
            for (int i = 0; i < RUNS; i++) {
                long begun = System.nanoTime();
                assertThat(run(i % 2 == 0 ? one : two, alice).statusCode()).isEqualTo(404);
                // Not a matter of speed: it hangs for as long as this test wants it to.
                assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
            }
            assertThat(isUp(one) || isUp(two)).isFalse();
        } finally {
            redis.thaw();
        }

        bothShare();
        assertThatTheyCountTogether();
    }

    @Test
    void aRedisThatWritesNothingIsAwayUntilItDoes() throws Exception {
        long away = lines(one, AWAY);
        redis.writes(false);
        try {
            run(one, somebody());
            run(two, somebody());
            // Several times as long as it takes to try again.
            await().during(Duration.ofSeconds(3)).atMost(PATIENCE).until(() -> !isUp(one) && !isUp(two));
            run(one, somebody());
            assertThat(lines(one, AWAY)).isEqualTo(away + 1);
        } finally {
            redis.writes(true);
        }

        bothShare();
        assertThatTheyCountTogether();
    }

    @Test
    void aCallThatIsRepeatedOnAnotherReplicaTakesNoPlaceOfItsOwn() {
        String alice = somebody();
        String sandbox = ready(alice);
        for (int i = 1; i < JOBS; i++) {
            start(two, alice, sandbox).then().statusCode(202);
        }
        // Longer than a repeated call waits for the first.
        daytona.faults().on(Operation.SESSION_EXEC, sandbox).once(Fault.delay(Duration.ofSeconds(7)));
        int before = daytona.traffic().requests(Operation.SESSION_EXEC);
        var first = new CompletableFuture<Response>();
        first.completeAsync(() -> startWithKey(one, alice, sandbox), Thread.ofVirtual()::start);
        await().until(() -> daytona.traffic().requests(Operation.SESSION_EXEC) > before);

        String id = startWithKey(two, alice, sandbox)
                .then()
                .statusCode(202)
                .extract()
                .path("id");

        first.join().then().statusCode(202).body("id", equalTo(id));
        assertThat(start(two, alice, sandbox).statusCode()).isEqualTo(422);
    }

    @Test
    void manyCreatesOnBothReplicasMakeNoMoreSandboxesThanTheQuota() {
        String alice = somebody();

        List<Response> answers = atOnce(
                2 * SANDBOXES, i -> as(alice).body("{}").post((i % 2 == 0 ? one : two).url("/api/v1/sandboxes")));

        List<String> made = answers.stream()
                .filter(answer -> answer.statusCode() == 201)
                .map(answer -> answer.<String>path("id"))
                .toList();
        assertThat(made).hasSize(SANDBOXES);
        assertThat(answers).allMatch(answer -> answer.statusCode() == 201 || answer.statusCode() == 422);
        List<String> there = as(alice)
                .get(one.url("/api/v1/sandboxes?limit=100"))
                .path("items.findAll { it.status != 'deleting' }.id");
        assertThat(there).containsExactlyInAnyOrderElementsOf(made);
    }

    @Test
    void jobsOfAUserAreCountedOnAllReplicasTogether() {
        String alice = somebody();
        String sandbox = ready(alice);
        String first =
                start(one, alice, sandbox).then().statusCode(202).extract().path("id");
        start(two, alice, sandbox).then().statusCode(202);
        start(two, alice, sandbox).then().statusCode(202);

        assertThat(start(one, alice, sandbox).statusCode()).isEqualTo(422);
        assertThat(start(two, alice, sandbox).statusCode()).isEqualTo(422);
        as(alice)
                .post(two.url("/api/v1/sandboxes/" + sandbox + "/jobs/" + first + "/cancel"))
                .then()
                .statusCode(202);
        await().atMost(PATIENCE)
                .until(() -> as(alice)
                                .get(two.url("/api/v1/limits"))
                                .<Integer>path("quotas.find { it.name == 'jobs_per_user' }.used")
                        < JOBS);
        start(two, alice, sandbox).then().statusCode(202);
    }

    private Response run(PackagedApplication replica, String user) {
        return as(user).body("{\"command\": \"true\"}").post(replica.url(NO_SANDBOX + "/exec"));
    }

    private int letThrough(PackagedApplication replica, String user, int calls) {
        int through = 0;
        for (int i = 0; i < calls; i++) {
            int status = run(replica, user).statusCode();
            assertThat(status).isIn(404, 429);
            through += status == 404 ? 1 : 0;
        }
        return through;
    }

    private Response start(PackagedApplication replica, String user, String sandbox) {
        return as(user).body("{\"command\": \"sleep 100\"}")
                .post(replica.url("/api/v1/sandboxes/" + sandbox + "/jobs"));
    }

    private Response startWithKey(PackagedApplication replica, String user, String sandbox) {
        return as(user).header("Idempotency-Key", "again")
                .body("{\"command\": \"sleep 100\"}")
                .post(replica.url("/api/v1/sandboxes/" + sandbox + "/jobs"));
    }

    private String ready(String user) {
        return as(user).header("Prefer", "wait=30")
                .put(one.url("/api/v1/sandboxes/default"))
                .then()
                .statusCode(201)
                .extract()
                .path("id");
    }

    private static boolean isUp(PackagedApplication replica) {
        return metric(replica, "omni_limit_shared_up") == 1;
    }

    private static double metric(PackagedApplication replica, String name) {
        return given().get(replica.management("/q/metrics"))
                .asString()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .sum();
    }

    private String logs() {
        try {
            return one.log() + two.log();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long lines(PackagedApplication replica, String text) throws IOException {
        return replica.log().lines().filter(line -> line.contains(text)).count();
    }

    private static String somebody() {
        return "user-" + UUID.randomUUID();
    }

    private RequestSpecification as(String user) {
        return given().auth().oauth2(issuer.token(user)).contentType(ContentType.JSON);
    }

    private interface Call {
        Response make(int index);
    }

    private static List<Response> atOnce(int times, Call call) {
        List<CompletableFuture<Response>> answers = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            int index = i;
            var answer = new CompletableFuture<Response>();
            answers.add(answer.completeAsync(() -> call.make(index), Thread.ofVirtual()::start));
        }
        return answers.stream().map(CompletableFuture::join).toList();
    }
}
