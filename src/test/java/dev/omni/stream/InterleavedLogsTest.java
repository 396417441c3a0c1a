package dev.omni.stream;

import static dev.omni.TestUsers.token;
import static dev.omni.TestUsers.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.observe.LogContext;
import dev.omni.observe.LogLines;
import dev.omni.sandbox.Users;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Two users work at the same time: no line of the log says that one's work is the other's. */
@QuarkusTest
class InterleavedLogsTest {
    private static final int ROUNDS = 4;

    @TestHTTPResource("/")
    URI base;

    @Inject
    LocalDaytona daytona;

    @Test
    void everyLineOfAJobsWorkSaysWhoseItIs() {
        try (LogLines log = new LogLines("")) {
            CompletableFuture<List<Run>> alice = CompletableFuture.supplyAsync(() -> work("alice"));
            CompletableFuture<List<Run>> bob = CompletableFuture.supplyAsync(() -> work("bob"));
            List<Run> runs = new ArrayList<>(alice.join());
            runs.addAll(bob.join());

            for (Run run : runs) {
                await().untilAsserted(() -> assertThat(log.lines())
                        .filteredOn(line -> line.message().contains(run.jobId()))
                        .extracting(line -> line.message().replace(run.jobId(), "X"))
                        .contains("Job X started", "Job X is being cancelled")
                        .anyMatch(message -> message.startsWith("Job X ended")));
                assertThat(log.lines())
                        .filteredOn(line -> line.category().startsWith("dev.omni.job")
                                && line.message().contains(run.jobId()))
                        .allSatisfy(line -> assertThat(line.fields())
                                .containsEntry(LogContext.JOB_ID, run.jobId())
                                .containsEntry(LogContext.SANDBOX_ID, run.sandboxId())
                                .containsEntry(LogContext.USER_ID, run.userId())
                                .containsKey(LogContext.REQUEST_ID));
                // The call that started it, and the reader that outlived the call, are that request's.
                assertThat(log.of(run.requestId()))
                        .extracting(LogLines.Line::message)
                        .anyMatch(message -> message.endsWith("started"))
                        .anyMatch(message -> message.contains("ended"))
                        .anyMatch(message -> message.contains("status=202"));
                assertThat(log.of(run.requestId()))
                        .allSatisfy(line -> assertThat(line.fields()).containsEntry(LogContext.USER_ID, run.userId()));
            }
        }
    }

    @Test
    void aRequestsIdIsSentToDaytona() {
        String user = Users.somebody();
        String sandbox = Users.createReady(user);
        String requestId = "upstream-" + user;
        with(token(user))
                .header("X-Request-Id", requestId)
                .body(Map.of("command", "true"))
                .post("/api/v1/sandboxes/{id}/jobs", sandbox)
                .then()
                .statusCode(202);
        assertThat(daytona.traffic().lastHeader(Operation.CREATE_SESSION, "X-Request-Id"))
                .isEqualTo(requestId);
    }

    /** One job of a user. */
    private record Run(String userId, String sandboxId, String jobId, String requestId) {}

    /** Starts jobs over HTTP and cancels each over the WebSocket. */
    private List<Run> work(String name) {
        String user = name + "-" + Users.somebody();
        String token = token(user);
        String sandbox = Users.createReady(user);
        List<Run> runs = new ArrayList<>();
        try (TestClient client = TestClient.connect(base, token)) {
            for (int i = 0; i < ROUNDS; i++) {
                String requestId = user + "." + i;
                String job = with(token)
                        .header("X-Request-Id", requestId)
                        .body(Map.of("command", "echo ready; sleep 60"))
                        .post("/api/v1/sandboxes/{id}/jobs", sandbox)
                        .then()
                        .statusCode(202)
                        .extract()
                        .path("id");
                assertThat(client.nextOfJobs().path("data").asText()).isEqualTo("ready\n");
                client.send("{\"type\":\"cancel\",\"sandboxId\":\"%s\",\"jobId\":\"%s\"}".formatted(sandbox, job));
                while (!client.nextOfJobs().path("type").asText().equals("done")) {
                    // The error before it says that the job was cancelled.
                }
                runs.add(new Run(user, sandbox, job, requestId));
            }
        }
        return runs;
    }
}
