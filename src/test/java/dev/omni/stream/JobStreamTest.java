package dev.omni.stream;

import static dev.omni.TestUsers.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import static io.restassured.RestAssured.get;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.omni.TestUsers;
import dev.omni.job.JobCalls;
import dev.omni.sandbox.Users;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.TestInstance;

/** Jobs as they are watched: over {@code /ws} and as server-sent events. */
@QuarkusTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobStreamTest {
    private static final String COUNT = "for i in $(seq 1 500); do echo line $i; done";
    private static final String COUNTED =
            IntStream.rangeClosed(1, 500).mapToObj(i -> "line " + i + "\n").collect(Collectors.joining());

    @TestHTTPResource
    URI base;

    @Inject
    Slots slots;

    private JobCalls alice;

    @BeforeEach
    void aSandbox() {
        if (alice == null) {
            String user = Users.somebody();
            alice = new JobCalls(user, Users.createReady(user));
        }
    }

    @Test
    void everyConnectionOfTheUserFollowsANewJobAndNobodyElses() {
        try (TestClient one = connect();
                TestClient two = connect();
                TestClient other = TestClient.connect(base, TestUsers.token(Users.somebody()))) {
            assertThat(other.nextType()).isEqualTo("heartbeat");

            String job = alice.started("echo out; echo err >&2; exit 3");

            for (TestClient client : List.of(one, two)) {
                List<JsonNode> messages = untilDone(client, job);
                assertThat(messages)
                        .allSatisfy(message -> assertThat(message.path("sandboxId").asText())
                                .isEqualTo(alice.sandboxId()))
                        .allSatisfy(message ->
                                assertThat(message.path("cursor").asText()).isNotEmpty());
                assertThat(output(messages, "stdout")).isEqualTo("out\n");
                assertThat(output(messages, "stderr")).isEqualTo("err\n");
                assertThat(messages.get(messages.size() - 2).path("code").asText())
                        .isEqualTo("command_failed");
                assertThat(messages.getLast().path("exitCode").asInt()).isEqualTo(3);
                assertThat(messages.getLast().path("status").asText()).isEqualTo("failed");
            }
            other.send("{\"type\":\"ping\"}").join();
            assertThat(other.nextType()).isEqualTo("heartbeat");
        }
    }

    @Test
    void aSubscribeFromAnyCursorGivesExactlyWhatFollows() {
        String job = alice.started(COUNT);
        alice.ended(job);
        try (TestClient client = connect()) {
            subscribe(client, job, null);
            assertThat(client.nextButHeartbeats().path("type").asText()).isEqualTo("subscribed");
            List<JsonNode> all = untilDone(client, job);
            assertThat(output(all, "stdout")).isEqualTo(COUNTED);

            int step = Math.max(1, all.size() / 10);
            for (int seen = 0; seen < all.size(); seen += step) {
                String cursor = all.get(seen).path("cursor").asText();

                subscribe(client, job, cursor);

                JsonNode subscribed = client.nextButHeartbeats();
                assertThat(subscribed.path("type").asText()).isEqualTo("subscribed");
                assertThat(subscribed.path("cursor").asText()).isEqualTo(cursor);
                List<JsonNode> rest = untilDone(client, job);
                assertThat(output(all.subList(0, seen + 1), "stdout") + output(rest, "stdout"))
                        .isEqualTo(COUNTED);
            }
        }
    }

    @Test
    void aSecondSubscribeReplacesTheFirst() {
        try (TestClient client = connect()) {
            String job = alice.startedWith("echo before; read line; echo after", Map.of("stdin", "open"));
            assertThat(client.nextButHeartbeats().path("data").asText()).isEqualTo("before\n");

            subscribe(client, job, null);
            assertThat(client.nextButHeartbeats().path("type").asText()).isEqualTo("subscribed");
            assertThat(client.nextButHeartbeats().path("data").asText()).isEqualTo("before\n");
            client.send(message("input", job, ",\"data\":\"go\\n\"")).join();

            List<JsonNode> rest = untilDone(client, job);
            assertThat(output(rest, "stdout")).isEqualTo("after\n");
            client.send("{\"type\":\"ping\"}").join();
            assertThat(client.nextType()).isEqualTo("heartbeat");
        }
    }

    @Test
    void aJobIsCancelledOverItsConnection() {
        try (TestClient client = connect()) {
            String job = alice.started("echo started; sleep 600");
            assertThat(client.nextButHeartbeats().path("data").asText()).isEqualTo("started\n");

            client.send(message("cancel", job, "")).join();

            assertThat(untilDone(client, job).getLast().path("status").asText()).isEqualTo("cancelled");
        }
    }

    @Test
    void nothingMoreComesOfAJobThatWasUnsubscribed() {
        try (TestClient client = connect()) {
            String job = alice.startedWith("echo before; read line; echo after", Map.of("stdin", "open"));
            assertThat(client.nextButHeartbeats().path("data").asText()).isEqualTo("before\n");

            client.send(message("unsubscribe", job, "")).join();
            client.send("{\"type\":\"ping\"}").join();
            assertThat(client.nextType()).isEqualTo("heartbeat");
            alice.input(job, "go\n").then().statusCode(204);
            alice.ended(job);

            client.send("{\"type\":\"ping\"}").join();
            assertThat(client.nextType()).isEqualTo("heartbeat");
        }
    }

    @Test
    void whatCannotBeDoneIsSaidWithTheCodeOfTheProblemAndTheJob() {
        String job = alice.started("true");
        alice.ended(job);
        String unknown = UUID.randomUUID().toString();
        try (TestClient client = connect();
                TestClient other = TestClient.connect(base, TestUsers.token(Users.somebody()))) {
            subscribe(client, unknown, null);
            assertError(client.nextButHeartbeats(), "job_not_found", unknown);
            subscribe(client, job, "nonsense");
            assertError(client.nextButHeartbeats(), "invalid_cursor", job);
            client.send(message("cancel", job, "")).join();
            assertError(client.nextButHeartbeats(), "job_finished", job);
            client.send(message("input", job, ",\"data\":\"x\"")).join();
            assertThat(client.nextButHeartbeats().path("code").asText()).isIn("job_finished", "input_closed");

            subscribe(other, job, null);
            assertError(other.nextButHeartbeats(), "sandbox_not_found", job);
        }
    }

    @Test
    void aReaderThatDoesNotReadHoldsUpNobody() {
        try (TestClient deaf = TestClient.connectDeaf(base, TestUsers.token(alice.userId()));
                TestClient quick = connect()) {
            assertThat(deaf.isOpen()).isTrue();

            String job = alice.started("head -c 12000000 /dev/zero | tr '\\0' x");

            List<JsonNode> messages = untilDone(quick, job);
            assertThat(messages.stream()
                            .mapToInt(message -> message.path("data").asText().length())
                            .sum())
                    .isEqualTo(12_000_000);
            assertThat(messages.getLast().path("exitCode").asInt()).isZero();
        }
    }

    @Test
    void aJobIsReadAsServerSentEvents() {
        String job = alice.started(COUNT);

        String body = events(job, null);

        List<JsonNode> messages = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        for (String line : body.split("\n")) {
            if (line.startsWith("data: ")) {
                messages.add(TestClient.json(line.substring("data: ".length())));
            } else if (line.startsWith("id: ")) {
                ids.add(line.substring("id: ".length()));
            } else {
                assertThat(line).matches("(: heartbeat)?");
            }
        }
        assertThat(output(messages, "stdout")).isEqualTo(COUNTED);
        assertThat(messages.getLast().path("type").asText()).isEqualTo("done");
        assertThat(ids)
                .isEqualTo(messages.stream()
                        .map(message -> message.path("cursor").asText())
                        .toList());

        assertThat(events(job, ids.getFirst())).doesNotContain("id: " + ids.getFirst());
        assertThat(events(job, ids.getFirst())).contains("\"type\":\"done\"");
        await().until(() -> slots.used(alice.userId()) == 0);
    }

    @Test
    void aStreamOfEventsThatCannotBeginIsAProblem() {
        String job = alice.started("true");
        String path = "/api/v1/sandboxes/{id}/jobs/{job}/events";

        as(alice.userId())
                .header("Accept", "text/event-stream")
                .get(path, alice.sandboxId(), UUID.randomUUID())
                .then()
                .statusCode(404)
                .contentType("application/problem+json")
                .body("code", equalTo("job_not_found"));
        as(alice.userId())
                .header("Last-Event-ID", "nonsense")
                .get(path, alice.sandboxId(), job)
                .then()
                .statusCode(400)
                .contentType("application/problem+json");
        as(Users.somebody()).get(path, alice.sandboxId(), job).then().statusCode(404);
        get(path, alice.sandboxId(), job).then().statusCode(401);
        await().until(() -> slots.used(alice.userId()) == 0);
    }

    private TestClient connect() {
        TestClient client = TestClient.connect(base, TestUsers.token(alice.userId()));
        assertThat(client.nextType()).isEqualTo("heartbeat");
        return client;
    }

    private String events(String job, @Nullable String lastEventId) {
        var request = as(alice.userId()).header("Accept", "text/event-stream");
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        return request.get("/api/v1/sandboxes/{id}/jobs/{job}/events", alice.sandboxId(), job)
                .then()
                .statusCode(200)
                .contentType("text/event-stream")
                .extract()
                .asString();
    }

    private void subscribe(TestClient client, String job, @Nullable String cursor) {
        client.send(message("subscribe", job, cursor == null ? "" : ",\"cursor\":\"" + cursor + "\""))
                .join();
    }

    private String message(String type, String job, String more) {
        return "{\"type\":\"" + type + "\",\"sandboxId\":\"" + alice.sandboxId() + "\",\"jobId\":\"" + job + "\"" + more
                + "}";
    }

    private void assertError(JsonNode message, String code, String job) {
        assertThat(message.path("type").asText()).isEqualTo("error");
        assertThat(message.path("code").asText()).isEqualTo(code);
        assertThat(message.path("jobId").asText()).isEqualTo(job);
        assertThat(message.path("sandboxId").asText()).isEqualTo(alice.sandboxId());
    }

    /** The messages of the job, {@code done} included. */
    private static List<JsonNode> untilDone(TestClient client, String job) {
        List<JsonNode> messages = new ArrayList<>();
        do {
            JsonNode message = client.nextButHeartbeats();
            if (message.path("jobId").asText().equals(job)) {
                messages.add(message);
            }
        } while (messages.isEmpty() || !messages.getLast().path("type").asText().equals("done"));
        return messages;
    }

    private static String output(List<JsonNode> messages, String stream) {
        return messages.stream()
                .filter(message -> message.path("stream").asText().equals(stream))
                .map(message -> message.path("data").asText())
                .collect(Collectors.joining());
    }
}
