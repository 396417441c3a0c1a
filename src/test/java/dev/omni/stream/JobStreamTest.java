package dev.omni.stream;

import static dev.omni.TestUsers.as;
import static dev.omni.TestUsers.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.job.JobCalls;
import dev.omni.sandbox.Users;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The main job: what a user's sandbox prints arrives on the user's connections, live, whole and in order. */
@QuarkusTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobStreamTest {
    @TestHTTPResource("/")
    URI base;

    @Inject
    LocalDaytona daytona;

    private JobCalls alice;

    @BeforeEach
    void aSandbox() {
        if (alice == null) {
            alice = JobCalls.ofSomebody();
        }
    }

    @AfterEach
    void noFaults() {
        daytona.faults().clear();
    }

    @Test
    void aLineArrivesWhileTheCommandStillRuns() {
        try (TestClient client = connected(alice)) {
            String job = alice.started("echo one; until [ -e go1 ]; do sleep 0.05; done; echo two");
            JsonNode first = client.nextOfJobs();
            assertThat(first.path("type").asText()).isEqualTo("log");
            assertThat(first.path("data").asText()).isEqualTo("one\n");
            assertThat(first.path("jobId").asText()).isEqualTo(job);
            assertThat(first.path("sandboxId").asText()).isEqualTo(alice.sandboxId());
            assertThat(first.path("level").asText()).isEqualTo("info");
            alice.stdout("touch go1");
            assertThat(client.nextOfJobs().path("data").asText()).isEqualTo("two\n");
            JsonNode done = client.nextOfJobs();
            assertThat(done.path("type").asText()).isEqualTo("done");
            assertThat(done.path("exitCode").asInt(-1)).isZero();
            assertThat(done.path("status").asText()).isEqualTo("succeeded");
        }
    }

    @Test
    void aFailingCommandEndsWithAnErrorAndThenDone() {
        try (TestClient client = connected(alice)) {
            alice.started("echo oops >&2; exit 7");
            List<JsonNode> messages = untilDone(client);
            assertThat(types(messages)).containsExactly("log", "error", "done");
            assertThat(messages.get(0).path("level").asText()).isEqualTo("error");
            assertThat(messages.get(0).path("stream").asText()).isEqualTo("stderr");
            assertThat(messages.get(1).path("code").asText()).isEqualTo("command_failed");
            assertThat(messages.get(2).path("exitCode").asInt()).isEqualTo(7);
        }
    }

    @Test
    void everyConnectionOfTheUserSeesTheJobAndNobodyElseDoes() {
        try (TestClient one = connected(alice);
                TestClient two = connected(alice);
                TestClient stranger = TestClient.connect(base, token(Users.somebody()))) {
            stranger.next();
            String job = alice.started("echo hello");
            for (TestClient client : List.of(one, two)) {
                assertThat(untilDone(client))
                        .allSatisfy(message ->
                                assertThat(message.path("jobId").asText()).isEqualTo(job))
                        .extracting(message -> message.path("type").asText())
                        .containsExactly("log", "done");
            }
            stranger.send("{\"type\":\"ping\"}");
            assertThat(stranger.nextType()).isEqualTo("heartbeat");
            stranger.send(
                    "{\"type\":\"subscribe\",\"sandboxId\":\"%s\",\"jobId\":\"%s\"}".formatted(alice.sandboxId(), job));
            assertThat(stranger.next().path("code").asText()).isEqualTo("sandbox_not_found");
        }
    }

    @Test
    void aClientThatComesBackGetsExactlyWhatFollowsItsCursor() {
        String job = alice.started("for i in $(seq 1 2000); do echo line $i; done; echo end >&2; exit 3");
        alice.ended(job);
        List<JsonNode> all;
        try (TestClient client = connected(alice)) {
            subscribe(client, job, null);
            all = untilDone(client);
        }
        assertThat(types(all)).endsWith("error", "done");
        String whole = text(all, "stdout");
        assertThat(whole.lines()).hasSize(2000);
        for (int seen = 0; seen < all.size() - 1; seen++) {
            try (TestClient client = connected(alice)) {
                subscribe(client, job, all.get(seen).path("cursor").asText());
                List<JsonNode> rest = untilDone(client);
                assertThat(text(all.subList(0, seen + 1), "stdout") + text(rest, "stdout"))
                        .isEqualTo(whole);
                assertThat(types(rest).stream().filter("error"::equals).count())
                        .isEqualTo(types(all).get(seen).equals("error") ? 0 : 1);
            }
        }
    }

    static List<Fault> brokenStreams() {
        return List.of(
                Fault.closedAfter(700), Fault.droppedAfter(1_500), Fault.stalledAfter(0), Fault.stalledAfter(2_048));
    }

    @ParameterizedTest
    @MethodSource("brokenStreams")
    void aFollowStreamThatBreaksCostsNoByte(Fault fault) {
        daytona.faults().on(Operation.FOLLOW_LOG).always(fault);
        try (TestClient client = connected(alice)) {
            alice.started("for i in $(seq 1 500); do echo out $i é€😀; echo err $i >&2; done");
            List<JsonNode> messages = untilDone(client);
            assertThat(text(messages, "stdout").lines()).hasSize(500).endsWith("out 500 é€😀");
            assertThat(text(messages, "stderr").lines()).hasSize(500).endsWith("err 500");
            assertThat(messages).noneMatch(message -> message.has("encoding"));
        }
    }

    @Test
    void aStreamThatFallsSilentIsReplacedWhileTheJobRuns() {
        daytona.faults().on(Operation.FOLLOW_LOG).times(1, Fault.stalledAfter(0));
        try (TestClient client = connected(alice)) {
            alice.started("echo one; until [ -e go3 ]; do sleep 0.05; done");
            assertThat(client.nextOfJobs().path("data").asText()).startsWith("o");
            alice.stdout("touch go3");
            untilDone(client);
        }
    }

    @Test
    void aDaytonaThatFailsForAWhileCostsNoByte() {
        try (TestClient client = connected(alice)) {
            String job = alice.started("echo one; until [ -e go2 ]; do sleep 0.05; done; echo two");
            // Daytona may cut a line on its way.
            StringBuilder before = new StringBuilder();
            while (!before.toString().endsWith("\n")) {
                before.append(client.nextOfJobs().path("data").asText());
            }
            assertThat(before).hasToString("one\n");
            for (Operation operation : List.of(Operation.GET_COMMAND, Operation.GET_LOG, Operation.FOLLOW_LOG)) {
                daytona.faults().on(operation, job).times(4, Fault.status(503));
            }
            alice.stdout("touch go2");
            assertThat(text(untilDone(client), "stdout")).isEqualTo("two\n");
        }
    }

    @Test
    void bytesThatAreNoTextComeThroughUntouched() {
        try (TestClient client = connected(alice)) {
            alice.started("printf 'text\\n\\377\\376\\001\\001\\001x\\nmore\\n'");
            List<JsonNode> messages = untilDone(client);
            assertThat(bytes(messages))
                    .isEqualTo("text\n\377\376\1\1\1x\nmore\n".getBytes(StandardCharsets.ISO_8859_1));
            assertThat(messages)
                    .anyMatch(message -> message.path("encoding").asText().equals("base64"));
        }
    }

    @Test
    void aPromptIsToldAsTextWithOneResultBeforeDone() {
        try (TestClient client = connected(alice)) {
            alice.started(Map.of("prompt", Map.of("input", "What is here?")));
            List<JsonNode> messages = untilDone(client);
            assertThat(types(messages)).endsWith("result", "done").containsOnlyOnce("result", "done");
            assertThat(text(messages, "stdout")).contains("stand-in").doesNotContain("\"type\"");
            JsonNode result = messages.get(messages.size() - 2);
            assertThat(result.path("format").asText()).isEqualTo("markdown");
            assertThat(result.path("data").asText()).isNotBlank();
        }
    }

    @Test
    void aPromptThatIsSilentForThousandsOfLinesStillEnds() {
        try (TestClient client = connected(alice)) {
            // Eight megabytes of lines that say nothing to a reader.
            alice.stdout(
                    "mkdir -p bin && printf '%s\\n' '#!/bin/sh' 'yes \"{\\\"type\\\":\\\"noise\\\"}\" | head -n 400000'"
                            + " 'echo \"{\\\"type\\\":\\\"result\\\",\\\"result\\\":\\\"ok\\\"}\"' > bin/claude && chmod +x bin/claude");
            alice.started(Map.of(
                    "prompt",
                    Map.of("input", "x"),
                    "env",
                    Map.of("PATH", alice.stdout("printf %s \"$PWD/bin:$PATH\"").strip())));
            assertThat(types(untilDone(client))).containsExactly("result", "done");
        }
    }

    @Test
    void inputAndCancelAreTakenOnTheConnection() {
        try (TestClient client = connected(alice)) {
            String job = alice.startedWith("read a; echo \"got $a\"; sleep 60", Map.of("stdin", "open"));
            client.send("{\"type\":\"input\",\"sandboxId\":\"%s\",\"jobId\":\"%s\",\"data\":\"yes\\n\"}"
                    .formatted(alice.sandboxId(), job));
            assertThat(client.nextOfJobs().path("data").asText()).isEqualTo("got yes\n");
            client.send(
                    "{\"type\":\"cancel\",\"sandboxId\":\"%s\",\"jobId\":\"%s\"}".formatted(alice.sandboxId(), job));
            List<JsonNode> end = untilDone(client);
            assertThat(end.getLast().path("status").asText()).isEqualTo("cancelled");
            assertThat(end.get(end.size() - 2).path("code").asText()).isEqualTo("cancelled");
        }
    }

    @Test
    void aJobWhoseSandboxIsDeletedEndsAsLost() {
        JobCalls calls = JobCalls.ofSomebody();
        String user = calls.userId();
        try (TestClient client = connected(calls)) {
            calls.started("echo begun; sleep 60");
            assertThat(client.nextOfJobs().path("data").asText()).isEqualTo("begun\n");
            as(user).delete("/api/v1/sandboxes/{id}", calls.sandboxId()).then().statusCode(204);
            List<JsonNode> end = untilDone(client);
            assertThat(types(end)).containsExactly("error", "done");
            assertThat(end.getLast().path("status").asText()).isEqualTo("lost");
            assertThat(end.getLast().path("exitCode").asInt()).isEqualTo(-1);
        }
    }

    @Test
    void whatBecomesOfASandboxIsTold() {
        String user = Users.somebody();
        try (TestClient client = TestClient.connect(base, token(user))) {
            client.next();
            String sandbox = as(user).body("{}")
                    .post("/api/v1/sandboxes")
                    .then()
                    .statusCode(201)
                    .extract()
                    .path("id");
            assertThat(client.nextSandboxStatus()).isEqualTo("creating");
            assertThat(client.nextSandboxStatus()).isEqualTo("ready");
            as(user).post("/api/v1/sandboxes/{id}/stop", sandbox).then().statusCode(202);
            assertThat(client.nextSandboxStatus()).isIn("stopping", "stopped");
            Users.awaitStatus(user, sandbox, "stopped");
            as(user).delete("/api/v1/sandboxes/{id}", sandbox).then().statusCode(204);
            await().until(client::nextSandboxStatus, "deleting"::equals);
        }
    }

    @Test
    void manyConnectionsCostDaytonaOneStream() {
        List<TestClient> clients = new ArrayList<>();
        int before = daytona.traffic().openFollows();
        try {
            for (int i = 0; i < 10; i++) {
                clients.add(connected(alice));
            }
            int lookUps = daytona.traffic().requests(Operation.GET_SESSION);
            alice.started("echo one; until [ -e go3 ]; do sleep 0.05; done");
            clients.forEach(client ->
                    assertThat(client.nextOfJobs().path("data").asText()).isEqualTo("one\n"));
            assertThat(daytona.traffic().openFollows() - before).isLessThanOrEqualTo(1);
            assertThat(daytona.traffic().requests(Operation.GET_SESSION)).isEqualTo(lookUps);
            alice.stdout("touch go3");
            clients.forEach(client -> assertThat(types(untilDone(client))).containsExactly("done"));
        } finally {
            clients.forEach(TestClient::close);
        }
        await().untilAsserted(() -> assertThat(daytona.traffic().openFollows()).isLessThanOrEqualTo(before));
    }

    private TestClient connected(JobCalls calls) {
        TestClient client = TestClient.connect(base, token(calls.userId()));
        assertThat(client.nextType()).isEqualTo("heartbeat");
        return client;
    }

    private void subscribe(TestClient client, String job, @org.jspecify.annotations.Nullable String cursor) {
        client.send(subscribeMessage(job, cursor));
        assertThat(client.nextOfJobs().path("type").asText()).isEqualTo("subscribed");
    }

    private String subscribeMessage(String job, @org.jspecify.annotations.Nullable String cursor) {
        return "{\"type\":\"subscribe\",\"sandboxId\":\"%s\",\"jobId\":\"%s\"%s}"
                .formatted(alice.sandboxId(), job, cursor == null ? "" : ",\"cursor\":\"" + cursor + "\"");
    }

    private static List<JsonNode> untilDone(TestClient client) {
        List<JsonNode> messages = new ArrayList<>();
        do {
            messages.add(client.nextOfJobs());
        } while (!messages.getLast().path("type").asText().equals("done"));
        return messages;
    }

    private static List<String> types(List<JsonNode> messages) {
        return messages.stream().map(message -> message.path("type").asText()).toList();
    }

    private static String text(List<JsonNode> messages, String stream) {
        StringBuilder text = new StringBuilder();
        messages.stream()
                .filter(message -> message.path("stream").asText().equals(stream))
                .forEach(message -> text.append(message.path("data").asText()));
        return text.toString();
    }

    private static byte[] bytes(List<JsonNode> messages) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        messages.stream()
                .filter(message -> message.path("type").asText().equals("log"))
                .forEach(message -> bytes.writeBytes(
                        message.path("encoding").asText().equals("base64")
                                ? Base64.getDecoder()
                                        .decode(message.path("data").asText())
                                : message.path("data").asText().getBytes(StandardCharsets.UTF_8)));
        return bytes.toByteArray();
    }
}
