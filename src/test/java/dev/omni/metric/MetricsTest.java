package dev.omni.metric;

import static dev.omni.TestUsers.as;
import static dev.omni.TestUsers.token;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.omni.RawHttp;
import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.job.JobCalls;
import dev.omni.sandbox.Users;
import dev.omni.stream.TestClient;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** What is scraped says what has happened, all of it is documented, and no caller can make it more. */
@QuarkusTest
@TestProfile(MetricsTest.OfItsOwn.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class MetricsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int MANY = 200;
    private static final String SANDBOXES = "/api/v1/sandboxes";

    /** An application in which nothing has happened yet. */
    public static class OfItsOwn implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "omni.stream.max-connections-per-user", "2",
                    "omni.stream.max-invalid-messages", "2",
                    "omni.stream.send-buffer", "16K");
        }
    }

    @TestHTTPResource("/")
    URI base;

    @Inject
    LocalDaytona daytona;

    private final Set<String> secrets = new HashSet<>();
    private Scrape before = Scrape.of("");

    @AfterEach
    void noFaults() {
        daytona.faults().clear();
    }

    @Test
    void aRequestIsMeasuredByMethodRouteAndStatus() {
        String user = somebody();
        begin();

        as(user).get(SANDBOXES).then().statusCode(200);
        as(user).get(SANDBOXES + "/" + UUID.randomUUID()).then().statusCode(404);
        as(user).get("/nowhere").then().statusCode(404);
        given().get(SANDBOXES).then().statusCode(401);
        as(user).delete(SANDBOXES).then().statusCode(405);
        given().get("/client/omni.js").then().statusCode(200);

        String requests = "http_server_requests_seconds_count";
        awaitGrowth(1, requests, "method=GET", "uri=" + SANDBOXES, "status=200");
        awaitGrowth(1, requests, "method=GET", "uri=" + SANDBOXES + "/{sandboxId}", "status=404");
        awaitGrowth(1, requests, "method=GET", "uri=NOT_FOUND", "status=404");
        awaitGrowth(1, requests, "method=GET", "uri=" + SANDBOXES, "status=401");
        awaitGrowth(1, requests, "method=DELETE", "uri=UNMATCHED", "status=405");
        awaitGrowth(
                1, "http_server_requests_seconds_bucket", "method=GET", "uri=" + SANDBOXES, "status=200", "le=+Inf");
        assertThat(Scrape.now().own())
                .noneMatch(series -> series.labels().getOrDefault("uri", "").contains("omni.js"));
    }

    @Test
    void whatIsDoneWithSandboxesIsMeasuredAndSoIsWhyItIsNotDone() {
        String user = somebody();
        begin();

        String id = sandbox(user, "wait=30", "{\"name\": \"one\"}")
                .statusCode(201)
                .extract()
                .path("id");
        sandbox(user, "wait=0", "{\"name\": \"one\"}").statusCode(409);
        for (int i = 0; i < 2; i++) {
            as(user).header("Idempotency-Key", "again")
                    .body("{}")
                    .post(SANDBOXES)
                    .then()
                    .statusCode(201);
        }
        daytona.faults().on(Operation.CREATE_SANDBOX).always(Fault.tooManyRequests("sandbox-create", 1));
        sandbox(user, "wait=0", "{}").statusCode(503);
        daytona.faults().clear();
        as(user).post(SANDBOXES + "/{id}/stop", id).then().statusCode(202);
        Users.awaitStatus(user, id, "stopped");
        as(user).post(SANDBOXES + "/{id}/archive", id).then().statusCode(202);
        Users.awaitStatus(user, id, "archived");
        as(user).post(SANDBOXES + "/{id}/start", id).then().statusCode(202);
        Users.awaitStatus(user, id, "ready");
        as(user).delete(SANDBOXES + "/{id}", id).then().statusCode(204);

        String actions = "omni_sandbox_actions_seconds_count";
        assertGrowth(3, actions, "action=create", "outcome=succeeded");
        assertGrowth(1, actions, "action=create", "outcome=refused");
        assertGrowth(1, actions, "action=create", "outcome=failed");
        for (String action : List.of("stop", "archive", "start", "delete")) {
            assertGrowth(1, actions, "action=" + action, "outcome=succeeded");
        }
        assertGrowth(1, "omni_sandbox_failures_total", "action=create", "cause=name_taken");
        assertGrowth(1, "omni_sandbox_failures_total", "action=create", "cause=upstream_rate_limited");
        assertGrowth(1, "omni_idempotency_replays_total", "resource=sandbox");
        assertThat(growth("omni_sandbox_ready_seconds_count", "origin=created")).isGreaterThanOrEqualTo(1);
    }

    @Test
    void theDefaultSandboxIsMeasuredByWhereItCameFrom() {
        String user = somebody();
        begin();

        String id = ensureDefault(user).statusCode(201).extract().path("id");
        ensureDefault(user).statusCode(200);
        as(user).post(SANDBOXES + "/{id}/stop", id).then().statusCode(202);
        Users.awaitStatus(user, id, "stopped");
        ensureDefault(user).statusCode(200);

        for (String origin : List.of("created", "found", "woken")) {
            assertGrowth(1, "omni_sandbox_defaults_total", "origin=" + origin);
            assertGrowth(1, "omni_sandbox_ready_seconds_count", "origin=" + origin);
        }
        assertGrowth(3, "omni_sandbox_actions_seconds_count", "action=ensure_default", "outcome=succeeded");
    }

    @Test
    void aJobIsMeasuredFromItsStartToItsEnd() {
        JobCalls alice = inASandbox();
        begin();

        String job = alice.started("until [ -e go ]; do sleep 0.05; done; exit 3");
        assertGrowth(1, "omni_jobs_started_total", "kind=command");
        assertGrowth(1, "omni_jobs_running", "kind=command");
        assertGrowth(0, "omni_job_duration_seconds_count", "kind=command", "status=failed");
        alice.stdout("touch go");
        alice.ended(job);
        String prompt = alice.started(Map.of("prompt", Map.of("input", "hello")));
        alice.ended(prompt);
        for (int i = 0; i < 2; i++) {
            as(alice.userId())
                    .header("Idempotency-Key", "again")
                    .body(Map.of("command", "true"))
                    .post(SANDBOXES + "/{id}/jobs", alice.sandboxId())
                    .then()
                    .statusCode(202);
        }

        awaitGrowth(1, "omni_job_duration_seconds_count", "kind=command", "status=failed");
        awaitGrowth(1, "omni_job_duration_seconds_count", "kind=command", "status=succeeded");
        awaitGrowth(1, "omni_job_duration_seconds_count", "kind=prompt", "status=succeeded");
        awaitGrowth(0, "omni_jobs_running", "kind=command");
        assertGrowth(2, "omni_jobs_started_total", "kind=command");
        assertGrowth(1, "omni_jobs_started_total", "kind=prompt");
        assertGrowth(1, "omni_idempotency_replays_total", "resource=job");
    }

    @Test
    void aCommandThatIsWaitedForIsMeasuredByHowItEnded() {
        JobCalls alice = inASandbox();
        begin();

        alice.exec(Map.of("command", "true")).then().statusCode(200);
        alice.exec(Map.of("command", "exit 2")).then().statusCode(200);
        alice.exec(Map.of("command", "sleep 30", "timeoutSeconds", 1)).then().statusCode(504);
        as(somebody())
                .body(Map.of("command", "true"))
                .post(SANDBOXES + "/{id}/exec", alice.sandboxId())
                .then()
                .statusCode(404);

        for (String outcome : List.of("succeeded", "failed", "timed_out", "refused")) {
            awaitGrowth(1, "omni_exec_duration_seconds_count", "outcome=" + outcome);
        }
    }

    @Test
    void whatComesFromDaytonaIsCountedOnceHoweverOftenItsStreamBreaks() {
        JobCalls alice = inASandbox();
        begin();
        daytona.faults().on(Operation.FOLLOW_LOG, alice.sandboxId()).always(Fault.droppedAfter(3));

        String job = alice.started("echo hello; until [ -e go ]; do sleep 0.05; done; echo there");
        alice.awaitOutput(job, "hello");
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(growth("omni_logs_reattaches_total", "cause=broken"))
                        .isGreaterThanOrEqualTo(1));
        alice.start(Map.of("command", "touch go"));
        alice.ended(job);

        // Behind a marker of three bytes each.
        double bytes = "...hello\n...there\n".length();
        awaitGrowth(bytes, "omni_logs_bytes_total");
        assertThat(growth("omni_logs_storing_seconds_count")).isGreaterThanOrEqualTo(2);
        Scrape now = Scrape.now();
        assertThat(now.value("omni_logs_read")).isGreaterThanOrEqualTo(1);
        assertThat(now.value("omni_spool_used_bytes")).isGreaterThanOrEqualTo(bytes);
        assertThat(now.value("omni_spool_limit_bytes")).isGreaterThan(bytes);
        assertThat(now.value("omni_spool_waiting")).isZero();
    }

    @Test
    void aConnectionIsMeasuredFromHandshakeToClose() {
        JobCalls alice = inASandbox();
        begin();

        String job;
        String cursor;
        int read = 0;
        try (TestClient client = TestClient.connect(base, token(alice.userId()))) {
            assertGrowth(1, "omni_stream_connections", "via=ws");
            job = alice.started("echo one; until [ -e go ]; do sleep 0.05; done; echo two");
            cursor = client.nextOfJobs().path("cursor").asText();
            alice.start(Map.of("command", "sleep 0.2; touch go"));
            alice.ended(job);
        }
        awaitGrowth(0, "omni_stream_connections", "via=ws");
        awaitGrowth(1, "omni_stream_closed_total", "code=none");
        assertThat(growth("omni_stream_latency_seconds_count")).isGreaterThanOrEqualTo(1);

        begin();
        try (TestClient client = TestClient.connect(base, token(alice.userId()))) {
            assertThat(client.next().path("type").asText()).isEqualTo("heartbeat");
            client.send("{\"type\":\"subscribe\",\"sandboxId\":\"%s\",\"jobId\":\"%s\",\"cursor\":\"%s\"}"
                    .formatted(alice.sandboxId(), job, cursor));
            JsonNode message;
            do {
                message = client.next();
                read++;
            } while (!message.path("type").asText().equals("done"));
            client.send("nonsense");
            assertThat(client.next().path("code").asText()).isEqualTo("invalid_message");
            client.send("nonsense");
            assertThat(client.closeCode()).isEqualTo(4400);
        }
        awaitGrowth(1, "omni_stream_closed_total", "code=4400");
        assertGrowth(1, "omni_stream_opened_total", "via=ws");
        assertGrowth(3, "omni_stream_received_total");
        assertGrowth(2, "omni_stream_invalid_total");
        assertGrowth(1, "omni_stream_resumes_total", "via=ws");
        assertGrowth(2 + read, "omni_stream_sent_total", "via=ws");
        assertThat(growth("omni_stream_sent_bytes_total", "via=ws")).isGreaterThan(read * 20.0);
    }

    @Test
    void anEventStreamIsMeasuredToo() {
        JobCalls alice = inASandbox();
        String job = alice.started("echo one");
        alice.ended(job);
        begin();

        String body = events(alice, job, "");
        String cursor = body.lines()
                .filter(line -> line.startsWith("id: "))
                .findFirst()
                .orElseThrow()
                .substring("id: ".length());
        String rest = events(alice, job, cursor);

        assertGrowth(2, "omni_stream_opened_total", "via=sse");
        awaitGrowth(0, "omni_stream_connections", "via=sse");
        assertGrowth(1, "omni_stream_resumes_total", "via=sse");
        String both = body + rest;
        int messages =
                both.lines().filter(line -> line.startsWith("data: ")).toList().size();
        assertGrowth(messages, "omni_stream_sent_total", "via=sse");
        assertGrowth(both.replace(": heartbeat\n\n", "").length(), "omni_stream_sent_bytes_total", "via=sse");
    }

    @Test
    void theReaderThatIsFurthestBehindIsSeen() {
        JobCalls alice = inASandbox();
        try (TestClient deaf = TestClient.connectDeaf(base, token(alice.userId()))) {
            begin();
            String job = alice.started("seq 1 1000000");

            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(Scrape.now().value("omni_logs_lag_bytes"))
                            .isGreaterThan(1 << 20));
            assertGrowth(1, "omni_logs_readers");
            assertThat(deaf.isOpen()).isTrue();
            alice.ended(job);
        }
        awaitGrowth(0, "omni_logs_readers");
        assertThat(Scrape.now().value("omni_logs_lag_bytes")).isZero();
    }

    @Test
    void aRefusedHandshakeIsCountedByWhy() {
        String user = somebody();
        begin();

        assertThat(TestClient.refusal(base, Map.of())).isEqualTo(401);
        assertThat(TestClient.refusal(
                        base, Map.of("Authorization", "Bearer " + token(user), "Origin", "https://evil.example")))
                .isEqualTo(403);
        try (TestClient one = TestClient.connect(base, token(user));
                TestClient two = TestClient.connect(base, token(user))) {
            assertThat(one.next()).isNotNull();
            assertThat(two.next()).isNotNull();
            assertThat(TestClient.refusal(base, Map.of("Authorization", "Bearer " + token(user))))
                    .isEqualTo(429);
        }

        for (String reason : List.of("unauthenticated", "origin", "limit")) {
            awaitGrowth(1, "omni_upgrades_refused_total", "reason=" + reason);
        }
        awaitGrowth(1, "http_server_requests_seconds_count", "method=GET", "uri=/ws", "status=429");
    }

    @Test
    void theBuildTellsItsVersionAndProfile() {
        assertThat(Scrape.now().own())
                .filteredOn(series -> series.name().equals("omni_build_info"))
                .singleElement()
                .satisfies(series -> {
                    assertThat(series.labels()).containsEntry("profile", "test");
                    assertThat(series.labels().get("version")).matches("\\d+\\.\\d+.*");
                });
        await().atMost(PATIENCE).until(() -> Scrape.now().value("omni_eventloop_delay_seconds_count") > 1);
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void whoInventsAddressesMethodsAndIdsMakesNoSeries() {
        String user = somebody();
        List<Predicate<String>> inventions = List.of(
                word -> as(user).get("/" + word).statusCode() == 404,
                word -> as(user).get(SANDBOXES + "/" + word).statusCode() == 404,
                word -> as(user).get(SANDBOXES + "/" + word + "/jobs/" + UUID.randomUUID())
                                .statusCode()
                        == 404,
                word -> as(user).urlEncodingEnabled(false)
                                .put("/api/" + word + "/%7Bmade-up%7D")
                                .statusCode()
                        == 404,
                word -> given().get(SANDBOXES + "/" + word).statusCode() == 401,
                word -> given().header("Authorization", "Bearer " + word)
                                .get("/" + word)
                                .statusCode()
                        == 401,
                word -> as(user).body("{}").post(SANDBOXES + "/" + word).statusCode() == 405,
                word -> invented(word, user).startsWith("HTTP/1.1 4"));
        assertThat(inventions).allMatch(invention -> invention.test("INVENTED0"));
        await().atMost(PATIENCE)
                .until(() -> Scrape.now().own().stream()
                        .anyMatch(series -> series.labels().containsValue("OTHER")));
        Set<Scrape.Series> known = Scrape.now().own();

        for (int i = 1; i <= MANY / inventions.size(); i++) {
            String word = "INVENTED" + i;
            assertThat(inventions).allMatch(invention -> invention.test(word));
        }

        Scrape now = Scrape.now();
        assertThat(now.own()).isEqualTo(known);
        assertThat(now.text()).doesNotContain("INVENTED", "made-up");
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void everyMetricIsDocumentedAndEveryDocumentedOneIsThere() throws IOException {
        Map<String, DocumentedMetric> documented =
                DocumentedMetric.all().stream().collect(Collectors.toMap(DocumentedMetric::name, Function.identity()));
        Scrape now = Scrape.now();

        assertThat(now.ownNames()).isEqualTo(new TreeSet<>(documented.keySet()));
        documented.values().forEach(row -> assertThat(now.types()).containsEntry(row.name(), row.type()));
        for (Scrape.Series series : now.own()) {
            DocumentedMetric row = Objects.requireNonNull(documented.get(
                    documented.containsKey(series.name())
                            ? series.name()
                            : series.name().replaceFirst("_(bucket|count|sum)$", "")));
            Map<String, String> tags = new HashMap<>(series.labels());
            tags.remove("le");
            assertThat(tags.keySet()).as(series.toString()).isEqualTo(row.tags().keySet());
            tags.forEach((tag, value) -> assertThat(row.allows(tag, value))
                    .as("%s may be %s in %s", tag, value, row.name())
                    .isTrue());
        }
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void nothingOfAUserIsToldByAnyMetric() {
        assertThat(secrets).isNotEmpty();
        assertThat(Scrape.now().text()).doesNotContain(secrets);
    }

    private void begin() {
        before = Scrape.now();
    }

    private double growth(String name, String... labels) {
        return Scrape.now().value(name, labels) - before.value(name, labels);
    }

    private void assertGrowth(double expected, String name, String... labels) {
        assertThat(growth(name, labels)).as("%s %s", name, List.of(labels)).isEqualTo(expected);
    }

    /** For what is measured when the answer is with the caller already. */
    private void awaitGrowth(double expected, String name, String... labels) {
        await().atMost(PATIENCE).untilAsserted(() -> assertGrowth(expected, name, labels));
    }

    private String somebody() {
        String user = Users.somebody();
        secrets.add(user);
        return user;
    }

    private JobCalls inASandbox() {
        JobCalls calls = JobCalls.ofSomebody();
        secrets.add(calls.userId());
        secrets.add(calls.sandboxId());
        return calls;
    }

    private static ValidatableResponse sandbox(String user, String wait, String body) {
        return as(user).header("Prefer", wait).body(body).post(SANDBOXES).then();
    }

    private static ValidatableResponse ensureDefault(String user) {
        return as(user).header("Prefer", "wait=30").put(SANDBOXES + "/default").then();
    }

    private static String events(JobCalls calls, String job, String lastEventId) {
        return as(calls.userId())
                .headers(lastEventId.isEmpty() ? Map.of() : Map.of("Last-Event-ID", lastEventId))
                .get(SANDBOXES + "/{id}/jobs/{job}/events", calls.sandboxId(), job)
                .then()
                .statusCode(200)
                .extract()
                .asString();
    }

    private static String invented(String method, String user) {
        return RawHttp.exchange(
                "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n"
                        .formatted(method, SANDBOXES, token(user)));
    }
}
