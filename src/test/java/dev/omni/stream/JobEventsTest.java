package dev.omni.stream;

import static dev.omni.TestUsers.as;
import static dev.omni.TestUsers.shortLivedToken;
import static dev.omni.TestUsers.with;
import static io.restassured.RestAssured.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.JsonNode;
import dev.omni.job.JobCalls;
import dev.omni.sandbox.Users;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Jobs as server-sent events. */
@QuarkusTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobEventsTest {
    private static final String COUNT = "for i in $(seq 1 500); do echo line $i; done";
    private static final String COUNTED =
            IntStream.rangeClosed(1, 500).mapToObj(i -> "line " + i + "\n").collect(Collectors.joining());

    @Inject
    Slots slots;

    private JobCalls alice;

    @BeforeEach
    void aSandbox() {
        if (alice == null) {
            alice = JobCalls.ofSomebody();
        }
    }

    @Test
    void aJobIsReadAsServerSentEvents() {
        String job = alice.started(COUNT);

        String body = events(job, null);

        List<JsonNode> messages = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        for (String line : body.split("\n", -1)) {
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
    void aFloodOfOutputArrivesWholeAndEnds() {
        int lines = 1_500_000;
        String job = alice.started("seq 1 " + lines);

        String body = events(job, null);

        long printed = body.lines()
                .filter(line -> line.startsWith("data: "))
                .map(line -> TestClient.json(line.substring("data: ".length())))
                .mapToLong(message -> message.path("data").asText("").length())
                .sum();
        assertThat(printed)
                .isEqualTo(IntStream.rangeClosed(1, lines)
                        .mapToLong(i -> String.valueOf(i).length() + 1)
                        .sum());
        assertThat(body).contains("\"type\":\"done\"");
    }

    @Test
    void aStreamOfEventsEndsWithItsTokenAndGoesOnWithAnother() {
        String job = alice.started("echo begun; until [ -e go ]; do sleep 0.05; done; echo ended");
        alice.awaitOutput(job, "begun");

        String before = with(shortLivedToken(alice.userId(), 3))
                .get("/api/v1/sandboxes/{id}/jobs/{job}/events", alice.sandboxId(), job)
                .then()
                .statusCode(200)
                .extract()
                .asString();

        assertThat(before).contains("begun").doesNotContain("\"type\":\"done\"");
        String lastId = before.lines()
                .filter(line -> line.startsWith("id: "))
                .map(line -> line.substring("id: ".length()))
                .reduce((earlier, last) -> last)
                .orElseThrow();
        alice.stdout("touch go");
        assertThat(events(job, lastId))
                .doesNotContain("begun")
                .contains("ended")
                .contains("\"type\":\"done\"");
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
        as(alice.userId())
                .header("Accept", "application/json")
                .get(path, alice.sandboxId(), job)
                .then()
                .statusCode(406)
                .body("code", equalTo("not_acceptable"));
        as(Users.somebody()).get(path, alice.sandboxId(), job).then().statusCode(404);
        get(path, alice.sandboxId(), job).then().statusCode(401);
        await().until(() -> slots.used(alice.userId()) == 0);
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

    private static String output(List<JsonNode> messages, String stream) {
        return messages.stream()
                .filter(message -> message.path("stream").asText().equals(stream))
                .map(message -> message.path("data").asText())
                .collect(Collectors.joining());
    }
}
