package dev.omni.packaged;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.LocalDaytonaOptions;
import dev.omni.daytona.local.Operation;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Two processes of the packaged application that share a Daytona, and a Redis that comes and goes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class AnnouncementsIT {
    private static final String CHANNEL = "omni:prod:announcements";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String COUNTING = "for i in 1 2 3; do echo $i; sleep 0.05; done";
    private static final String COUNTED = "1\n2\n3\n";

    private final Vertx vertx = Vertx.vertx();
    private final LocalDaytona daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions());
    private final Issuer issuer = new Issuer();
    private final TestRedis redis = new TestRedis();
    private final PackagedApplication one;
    private final PackagedApplication two;

    private final List<Tab> tabs = new ArrayList<>();

    /** They start while there is no Redis yet. */
    AnnouncementsIT() throws Exception {
        Map<String, String> settings = issuer.settings(daytona.apiUrl(), daytona.apiKey());
        settings.put("QUARKUS_REDIS_HOSTS", redis.url());
        settings.put("OMNI_STREAM_ANNOUNCEMENTS_HEARTBEAT_INTERVAL", "500ms");
        one = PackagedApplication.start(settings);
        two = PackagedApplication.start(settings);
        assertThatBothAreReady();
        redis.start();
    }

    @BeforeEach
    void bothListen() {
        await().atMost(PATIENCE).until(() -> redis.listeners(CHANNEL) == 2);
    }

    @AfterEach
    void closeTabs() {
        daytona.faults().clear();
        tabs.forEach(Tab::close);
        tabs.clear();
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
    void aJobIsFollowedByEveryTabOfItsUserAndByNobodyElse() {
        User alice = new User();
        User bob = new User();
        List<Tab> hers = List.of(alice.tab(one), alice.tab(one), alice.tab(two), alice.tab(two));
        List<Tab> his = List.of(bob.tab(one), bob.tab(two));

        String first = alice.starts(one, COUNTING);
        String second = alice.starts(two, COUNTING);
        String his1 = bob.starts(one, COUNTING);

        for (Tab tab : hers) {
            assertThatItSawAll(tab, first);
            assertThatItSawAll(tab, second);
            assertThat(tab.jobs()).containsExactlyInAnyOrder(first, second);
        }
        for (Tab tab : his) {
            assertThatItSawAll(tab, his1);
            assertThat(tab.jobs()).containsExactly(his1);
        }
    }

    @Test
    void newsOfASandboxReachTheTabsOnEveryReplica() {
        User alice = new User();
        Tab tab = alice.tab(two);

        alice.calls()
                .post(one.url("/api/v1/sandboxes/" + alice.sandbox + "/stop"))
                .then();

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(tab.of("sandbox")).anySatisfy(message -> {
                    assertThat(message.path("sandboxId").asText()).isEqualTo(alice.sandbox);
                    assertThat(message.path("status").asText()).isEqualTo("stopped");
                }));
    }

    @Test
    void whatIsStartedWhileRedisIsGoneArrivesOnceAndWholeWhenItIsBack() throws Exception {
        User alice = new User();
        Tab onOne = alice.tab(one);
        Tab onTwo = alice.tab(two);
        String before = alice.starts(one, COUNTING);
        assertThatItSawAll(onOne, before);
        assertThatItSawAll(onTwo, before);

        redis.kill();
        String first = alice.starts(one, COUNTING);
        String second = alice.starts(two, COUNTING);
        String asked = alice.starts(one, COUNTING);
        onTwo.send(Map.of("type", "subscribe", "sandboxId", alice.sandbox, "jobId", asked));
        assertThatItSawAll(onOne, first);
        assertThatItSawAll(onTwo, second);
        assertThatItSawAll(onTwo, asked);
        assertThatBothAreReady();
        Tab tooLate = alice.tab(two);
        redis.start();

        assertThatItSawAll(onTwo, first);
        assertThatItSawAll(onOne, second);

        // Whoever says hello is told everything again, and nobody follows it again.
        bothListen();
        redis.publish(CHANNEL, hello());
        String after = alice.starts(one, "sleep 1; " + COUNTING);
        for (Tab tab : List.of(onOne, onTwo)) {
            for (String job : List.of(before, first, second, asked, after)) {
                assertThatItSawAll(tab, job);
            }
            assertThat(tab.of("error")).isEmpty();
        }
        assertThatItSawAll(tooLate, after);
        assertThat(tooLate.jobs()).containsExactly(after);
    }

    @Test
    void whatReplicasTellEachOtherIsCounted() {
        User alice = new User();
        Tab tab = alice.tab(two);
        double published = metric(one, "omni_announcements_published_total{kind=\"job\"");
        double received = metric(two, "omni_announcements_received_total{kind=\"job\"");

        assertThatItSawAll(tab, alice.starts(one, COUNTING));

        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(metric(one, "omni_announcements_published_total{kind=\"job\""))
                    .isGreaterThan(published);
            assertThat(metric(two, "omni_announcements_received_total{kind=\"job\""))
                    .isGreaterThan(received);
            assertThat(metric(one, "omni_announcements_up")).isEqualTo(1);
            assertThat(metric(two, "omni_announcements_up")).isEqualTo(1);
        });
    }

    @Test
    void whoSaysHelloIsToldWhatWasStartedLately() throws Exception {
        User alice = new User();
        String first = alice.starts(one, COUNTING);
        String second = alice.starts(two, COUNTING);
        try (TestRedis.Listener newcomer = redis.listen(CHANNEL)) {
            redis.publish(CHANNEL, hello());

            await().atMost(PATIENCE).until(() -> newcomer.count(first) > 0 && newcomer.count(second) > 0);

            long answered = newcomer.count(first);
            redis.publish(CHANNEL, hello());
            await().atMost(PATIENCE).until(() -> newcomer.count(first) > answered);
        }
    }

    @Test
    void aFrozenRedisDelaysNoCallAndIsNoticed() throws Exception {
        User alice = new User();
        Tab onOne = alice.tab(one);
        Tab onTwo = alice.tab(two);
        long outages = outages(one) + outages(two);

        redis.freeze();
        String first;
        String second;
        try {
            // Answered, though Redis answers nothing.
            first = alice.starts(one, COUNTING);
            // Long before a connection counts as idle: it is that they do not hear themselves.
            await().atMost(Duration.ofSeconds(15)).until(() -> outages(one) + outages(two) == outages + 2);
            second = alice.starts(two, COUNTING);
            assertThatBothAreReady();
        } finally {
            redis.thaw();
        }

        for (Tab tab : List.of(onOne, onTwo)) {
            assertThatItSawAll(tab, first);
            assertThatItSawAll(tab, second);
        }
    }

    @Test
    void aRedisThatDiesAgainAndAgainIsAlwaysFoundAgain() throws Exception {
        User alice = new User();
        Tab tab = alice.tab(two);
        for (int i = 0; i < 8; i++) {
            redis.kill();
            redis.start();
            bothListen();
        }

        assertThatItSawAll(tab, alice.starts(one, COUNTING));
    }

    @Test
    void aJobThatCannotBeLookedUpYetIsLookedUpAgain() throws Exception {
        User alice = new User();
        Tab onOne = alice.tab(one);
        Tab onTwo = alice.tab(two);
        redis.kill();
        String job = alice.starts(one, COUNTING);
        assertThatItSawAll(onOne, job);
        int lookups = daytona.traffic().requests(Operation.GET_SESSION);
        daytona.faults().on(Operation.GET_SESSION, job).times(3, Fault.status(500));

        redis.start();

        assertThatItSawAll(onTwo, job);
        assertThat(daytona.traffic().requests(Operation.GET_SESSION)).isGreaterThan(lookups + 3);
    }

    @Test
    void aForgedAnnouncementReachesNobody() throws Exception {
        User alice = new User();
        User bob = new User();
        List<Tab> hers = List.of(alice.tab(one), alice.tab(two));
        Tab his = bob.tab(two);
        String secret = bob.starts(one, "echo secret");
        his.awaitEnd(secret);

        // Bob's job as one of alice's, in his sandbox and in hers; one that is nowhere; and what makes no sense at all.
        redis.publish(CHANNEL, announcement(alice.name, bob.sandbox, secret));
        redis.publish(CHANNEL, announcement(alice.name, alice.sandbox, secret));
        redis.publish(
                CHANNEL,
                announcement(alice.name, alice.sandbox, UUID.randomUUID().toString()));
        redis.publish(CHANNEL, announcement(alice.name, "../../" + alice.sandbox, secret));
        redis.publish(CHANNEL, """
                {"version":1,"replica":"%s","announcement":{"type":"sandbox","owner":"%s","sandboxId":"%s","status":"error"}}""".formatted(UUID.randomUUID(), alice.name, bob.sandbox));
        for (String garbage : List.of("", "nonsense", "{}", "[".repeat(100_000), "x".repeat(20_000_000))) {
            redis.publish(CHANNEL, garbage);
        }
        // They are looked up in turn, so what comes after them tells that they were.
        String onOne = alice.starts(one, COUNTING);
        String onTwo = alice.starts(two, COUNTING);

        for (Tab tab : hers) {
            assertThatItSawAll(tab, onOne);
            assertThatItSawAll(tab, onTwo);
        }
        await().during(Duration.ofSeconds(1)).atMost(PATIENCE).untilAsserted(() -> {
            for (Tab tab : hers) {
                assertThat(tab.jobs()).containsExactlyInAnyOrder(onOne, onTwo);
                assertThat(tab.of("error")).isEmpty();
                assertThat(tab.of("sandbox"))
                        .noneMatch(message -> message.path("sandboxId").asText().equals(bob.sandbox));
            }
            assertThat(his.jobs()).containsExactly(secret);
        });
        assertThat(one.log() + two.log()).doesNotContain("\"level\":\"ERROR\"");
    }

    @Test
    void aFloodOfAnnouncementsLosesNothingThatIsTrue() throws Exception {
        User alice = new User();
        Tab tab = alice.tab(two);

        // None is done before the true one comes.
        daytona.faults().on(Operation.GET_SESSION).always(Fault.delay(Duration.ofSeconds(3)));
        redis.publish(
                CHANNEL,
                Stream.generate(() -> announcement(
                                alice.name, alice.sandbox, UUID.randomUUID().toString()))
                        .limit(3_000)
                        .toList());
        String job;
        try (TestRedis.Listener listener = redis.listen(CHANNEL)) {
            job = alice.starts(one, COUNTING);
            await().atMost(PATIENCE).until(() -> listener.count(job) > 0);
        }
        daytona.faults().clear();

        assertThatItSawAll(tab, job);
        assertThat(tab.jobs()).containsExactly(job);
        await().atMost(PATIENCE).until(() -> two.log().contains("announcements of other replicas were dropped"));
    }

    private static void assertThatItSawAll(Tab tab, String job) {
        tab.awaitEnd(job);
        assertThat(tab.output(job)).isEqualTo(COUNTED);
        assertThat(tab.ends(job)).isEqualTo(1);
    }

    private void assertThatBothAreReady() {
        for (PackagedApplication replica : List.of(one, two)) {
            given().get(replica.management("/q/health/ready")).then().statusCode(200);
        }
    }

    /** The value of the one metric that begins so. */
    private static double metric(PackagedApplication replica, String beginning) {
        return given().get(replica.management("/q/metrics"))
                .asString()
                .lines()
                .filter(line -> line.startsWith(beginning))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** How often it has lost Redis so far. */
    private static long outages(PackagedApplication replica) throws IOException {
        return replica.log()
                .lines()
                .filter(line -> line.contains("Redis is away; what is started"))
                .count();
    }

    private static String hello() {
        return "{\"version\":1,\"replica\":\"%s\",\"announcement\":{\"type\":\"hello\"}}".formatted(UUID.randomUUID());
    }

    private static String announcement(String owner, String sandbox, String job) {
        return """
               {"version":1,"replica":"%s","announcement":{"type":"job","owner":"%s","sandboxId":"%s","jobId":"%s","ageMillis":0}}""".formatted(UUID.randomUUID(), owner, sandbox, job);
    }

    /** Somebody new, with a sandbox that is ready. */
    private final class User {
        private final String name = "user-" + UUID.randomUUID();
        private final String sandbox = calls().header("Prefer", "wait=30")
                .put(one.url("/api/v1/sandboxes/default"))
                .then()
                .statusCode(201)
                .extract()
                .path("id");

        RequestSpecification calls() {
            return given().auth().oauth2(issuer.token(name)).contentType(ContentType.JSON);
        }

        Tab tab(PackagedApplication replica) {
            Tab tab = Tab.open(replica, issuer.token(name));
            tabs.add(tab);
            return tab;
        }

        String starts(PackagedApplication replica, String command) {
            return calls().body(Map.of("command", command))
                    .post(replica.url("/api/v1/sandboxes/" + sandbox + "/jobs"))
                    .then()
                    .statusCode(202)
                    .extract()
                    .path("id");
        }
    }
}
