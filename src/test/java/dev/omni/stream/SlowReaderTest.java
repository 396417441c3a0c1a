package dev.omni.stream;

import static dev.omni.TestUsers.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.omni.job.JobCalls;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Who reads a huge log slowly gets it all; who hardly reads at all loses the connection, and nothing of the log. */
@QuarkusTest
@TestProfile(TightLimits.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SlowReaderTest {
    private static final int LINES = 250_000;
    private static final String COUNT = "seq 1 " + LINES;
    private static final String COUNTED =
            IntStream.rangeClosed(1, LINES).mapToObj(i -> i + "\n").collect(Collectors.joining());

    @TestHTTPResource("/")
    URI base;

    @Inject
    Slots slots;

    private JobCalls alice;
    private String job;

    @BeforeEach
    void aJobWithALongLog() {
        if (alice == null) {
            alice = JobCalls.ofSomebody();
        }
        if (job == null) {
            job = alice.started(COUNT);
            alice.ended(job);
        }
    }

    @Test
    void aReaderThatHardlyReadsIsToldSoAndResumesWithExactlyTheRest() {
        List<JsonNode> seen = new ArrayList<>();
        int code;
        try (RawClient client = subscribed("")) {
            code = reading(client, 1_000, seen);
        }
        assertThat(code).isEqualTo(CloseCode.SLOW_READER.code());
        assertThat(output(seen)).isNotEmpty();
        await().until(() -> slots.used(alice.userId()) == 0);

        List<JsonNode> rest = new ArrayList<>();
        try (TestClient client = TestClient.connect(base, token(alice.userId()))) {
            client.send(subscribe(",\"cursor\":\"" + lastCursor(seen) + "\""));
            do {
                rest.add(client.nextOfJobs());
            } while (!isDone(rest.getLast()));
        }
        assertThat(output(seen) + output(rest)).isEqualTo(COUNTED);
    }

    @Test
    void aReaderThatIsSlowButSteadyGetsItAllOnOneConnection() {
        List<JsonNode> seen = new ArrayList<>();
        try (RawClient client = subscribed("")) {
            pace().until(() -> {
                client.read(8_000);
                take(client, seen);
                return client.isEnded() || isDone(last(seen));
            });
        }
        assertThat(output(seen)).isEqualTo(COUNTED);
    }

    @Test
    void anEventStreamThatIsHardlyReadIsCutAndResumesWithExactlyTheRest() {
        String seen;
        try (RawClient client = following(Map.of())) {
            pace().until(() -> !client.read(1_000));
            seen = whole(client.text());
        }
        assertThat(seen).contains("data: ").doesNotContain("\"type\":\"done\"");
        await().until(() -> slots.used(alice.userId()) == 0);

        String lastId = seen.lines()
                .filter(line -> line.startsWith("id: "))
                .map(line -> line.substring("id: ".length()))
                .reduce((before, last) -> last)
                .orElseThrow();
        try (RawClient client = following(Map.of("Last-Event-ID", lastId))) {
            client.readToTheEnd();
            assertThat(output(events(seen)) + output(events(client.text()))).isEqualTo(COUNTED);
            assertThat(client.text()).containsOnlyOnce("\"type\":\"done\"");
        }
    }

    @Test
    void anEventStreamThatIsReadSlowlyButSteadilyArrivesWhole() {
        try (RawClient client = following(Map.of())) {
            pace().until(() -> !client.read(8_000));

            assertThat(output(events(client.text()))).isEqualTo(COUNTED);
            assertThat(client.text()).contains("\"type\":\"done\"");
        }
    }

    /** Reads at a pace to the end, all the while showing that somebody is there; returns the code of the close. */
    private static int reading(RawClient client, int atATime, List<JsonNode> seen) {
        pace().until(() -> {
            client.send(RawClient.control(RawClient.PONG));
            return !client.read(atATime);
        });
        return take(client, seen);
    }

    /** Twenty times a second. */
    private static ConditionFactory pace() {
        return await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(50))
                .atMost(Duration.ofMinutes(2));
    }

    /** Takes what came; returns the code of the close if it has come. */
    private static int take(RawClient client, List<JsonNode> seen) {
        for (var frame = client.poll(); frame.isPresent(); frame = client.poll()) {
            if (frame.get().isClose()) {
                return frame.get().closeCode();
            }
            if (frame.get().isText()) {
                seen.add(TestClient.json(frame.get().text()));
            }
        }
        return 1006;
    }

    private RawClient subscribed(String cursor) {
        var client = new RawClient(base);
        assertThat(client.handshake(Map.of("Authorization", "Bearer " + token(alice.userId()))))
                .startsWith("HTTP/1.1 101 ");
        client.sendText(subscribe(cursor));
        return client;
    }

    private String subscribe(String cursor) {
        return "{\"type\":\"subscribe\",\"sandboxId\":\"%s\",\"jobId\":\"%s\"%s}"
                .formatted(alice.sandboxId(), job, cursor);
    }

    private RawClient following(Map<String, String> headers) {
        var client = new RawClient(base);
        Map<String, String> all = new HashMap<>(headers);
        all.put("Authorization", "Bearer " + token(alice.userId()));
        all.put("Connection", "close");
        assertThat(client.get("/api/v1/sandboxes/" + alice.sandboxId() + "/jobs/" + job + "/events", all))
                .startsWith("HTTP/1.1 200 ");
        return client;
    }

    /** The events that came to their end. */
    private static String whole(String events) {
        return events.substring(0, events.lastIndexOf("\n\n") + 2);
    }

    private static List<JsonNode> events(String body) {
        return body.lines()
                .filter(line -> line.startsWith("data: "))
                .map(line -> TestClient.json(line.substring("data: ".length())))
                .toList();
    }

    private static JsonNode last(List<JsonNode> messages) {
        return messages.isEmpty() ? TestClient.json("{}") : messages.getLast();
    }

    private static boolean isDone(JsonNode message) {
        return message.path("type").asText().equals("done");
    }

    private static String lastCursor(List<JsonNode> messages) {
        return messages.stream()
                .map(message -> message.path("cursor").asText())
                .filter(cursor -> !cursor.isEmpty())
                .reduce((before, last) -> last)
                .orElseThrow();
    }

    private static String output(List<JsonNode> messages) {
        return messages.stream()
                .filter(message -> message.path("type").asText().equals("log"))
                .map(message -> message.path("data").asText())
                .collect(Collectors.joining());
    }
}
