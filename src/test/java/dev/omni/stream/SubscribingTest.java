package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.omni.TestUsers;
import dev.omni.job.JobCalls;
import dev.omni.sandbox.Users;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a client asks for on its connection, and what it costs others. */
@QuarkusTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SubscribingTest {
    @TestHTTPResource
    URI base;

    private JobCalls alice;

    @BeforeEach
    void aSandbox() {
        if (alice == null) {
            alice = JobCalls.ofSomebody();
        }
    }

    @Test
    void aSecondSubscribeReplacesTheFirst() {
        try (TestClient client = connect()) {
            String job = alice.startedWith("echo before; read line; echo after", Map.of("stdin", "open"));
            assertThat(client.nextOfJobs().path("data").asText()).isEqualTo("before\n");

            subscribe(client, job, null);
            assertThat(client.nextOfJobs().path("type").asText()).isEqualTo("subscribed");
            assertThat(client.nextOfJobs().path("data").asText()).isEqualTo("before\n");
            client.send(message("input", job, ",\"data\":\"go\\n\""));

            List<JsonNode> rest = untilDone(client, job);
            assertThat(output(rest, "stdout")).isEqualTo("after\n");
            client.send("{\"type\":\"ping\"}");
            assertThat(client.nextType()).isEqualTo("heartbeat");
        }
    }

    @Test
    void nothingMoreComesOfAJobThatWasUnsubscribed() {
        try (TestClient client = connect()) {
            String job = alice.startedWith("echo before; read line; echo after", Map.of("stdin", "open"));
            assertThat(client.nextOfJobs().path("data").asText()).isEqualTo("before\n");

            client.send(message("unsubscribe", job, ""));
            client.send("{\"type\":\"ping\"}");
            assertThat(client.nextType()).isEqualTo("heartbeat");
            alice.input(job, "go\n").then().statusCode(204);
            alice.ended(job);

            client.send("{\"type\":\"ping\"}");
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
            assertError(client.nextOfJobs(), "job_not_found", unknown);
            subscribe(client, job, "nonsense");
            assertError(client.nextOfJobs(), "invalid_cursor", job);
            client.send(message("cancel", job, ""));
            assertError(client.nextOfJobs(), "job_finished", job);
            client.send(message("input", job, ",\"data\":\"x\""));
            assertThat(client.nextOfJobs().path("code").asText()).isIn("job_finished", "input_closed");

            subscribe(other, job, null);
            assertError(other.nextOfJobs(), "sandbox_not_found", job);
        }
    }

    @Test
    void aReaderThatDoesNotReadHoldsUpNobody() {
        try (TestClient deaf = TestClient.connectDeaf(base, TestUsers.token(alice.userId()));
                TestClient quick = connect()) {
            assertThat(deaf.isOpen()).isTrue();

            String job = alice.started("yes 0123456789 | head -n 1000000");

            List<JsonNode> messages = untilDone(quick, job);
            assertThat(messages.stream()
                            .mapToInt(message -> message.path("data").asText().length())
                            .sum())
                    .isEqualTo(11_000_000);
            assertThat(messages.getLast().path("exitCode").asInt()).isZero();
        }
    }

    private TestClient connect() {
        TestClient client = TestClient.connect(base, TestUsers.token(alice.userId()));
        assertThat(client.nextType()).isEqualTo("heartbeat");
        return client;
    }

    private void subscribe(TestClient client, String job, @Nullable String cursor) {
        client.send(message("subscribe", job, cursor == null ? "" : ",\"cursor\":\"" + cursor + "\""));
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
            JsonNode message = client.nextOfJobs();
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
