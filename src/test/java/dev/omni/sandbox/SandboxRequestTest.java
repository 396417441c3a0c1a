package dev.omni.sandbox;

import static dev.omni.TestUsers.as;
import static dev.omni.sandbox.Users.createSandbox;
import static dev.omni.sandbox.Users.somebody;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import io.quarkus.test.junit.QuarkusTest;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
class SandboxRequestTest {
    private static final String USER = somebody();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"name\": \"\"}                                  | name",
                "{\"name\": \"Lab\"}                               | name",
                "{\"name\": \"-lab\"}                              | name",
                "{\"name\": 7}                                     | name",
                "{\"snapshot\": \"a b\"}                           | snapshot",
                "{\"env\": {\"1A\": \"x\"}}                        | env",
                "{\"env\": {\"A\": 1}}                             | env",
                "{\"env\": {\"A\": null}}                          | env",
                "{\"env\": {\"A\": \"a\\u0000b\"}}                 | env",
                "{\"env\": {\"USER_ID\": \"bob\"}}                 | env",
                "{\"env\": []}                                     | env",
                "{\"labels\": {\"omni.owner\": \"bob\"}}           | labels",
                "{\"labels\": {\"\": \"x\"}}                       | labels",
                "{\"labels\": {\"a\": \"x\\ny\"}}                  | labels",
                "{\"resources\": {\"cpu\": 0}}                     | resources.cpu",
                "{\"resources\": {\"cpu\": 1.5}}                   | resources.cpu",
                "{\"resources\": {\"memoryGiB\": 1000}}            | resources.memoryGiB",
                "{\"snapshot\": \"base\", \"resources\": {}}       | resources",
                "{\"idle\": {\"stopAfterMinutes\": 0}}             | idle.stopAfterMinutes",
                "{\"idle\": {\"stopAfterMinutes\": 1441}}          | idle.stopAfterMinutes",
                "{\"idle\": {\"archiveAfterMinutes\": 43201}}      | idle.archiveAfterMinutes",
                "{\"idle\": {\"deleteAfterMinutes\": -1}}          | idle.deleteAfterMinutes",
                "{\"network\": {\"allow\": [\"10.0.0.0\"]}}        | network.allow",
                "{\"network\": {\"allow\": [\"10.0.0.256/8\"]}}    | network.allow",
                "{\"network\": {\"allow\": [\"10.0.0.0/33\"]}}     | network.allow",
                "{\"network\": {\"allow\": [\"::/0\"]}}            | network.allow",
                "{\"network\": {\"blockAll\": true, \"allow\": [\"10.0.0.0/8\"]}} | network.allow"
            })
    void aFieldThatIsNotRightIsNamed(String body, String field) {
        createSandbox(USER, body)
                .statusCode(400)
                .body("code", equalTo("validation_failed"))
                .body("violations[0].field", startsWith(field));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"nam\": \"lab\"}", "{\"idle\": {\"stop\": 1}}", "{\"resources\": {\"gpu\": 1}}"})
    void aFieldThatIsNotKnownIsRefused(String body) {
        createSandbox(USER, body).statusCode(400).body("code", equalTo("unknown_field"));
    }

    @Test
    void moreThanThereIsRoomForIsRefused() {
        createSandbox(USER, "{\"env\": " + entries(65, "x") + "}")
                .statusCode(400)
                .body("violations[0].field", equalTo("env"));
        createSandbox(USER, "{\"env\": " + entries(1, "x".repeat(8193)) + "}").statusCode(400);
        createSandbox(USER, "{\"env\": " + entries(9, "x".repeat(8192)) + "}")
                .statusCode(400)
                .body("violations[0].field", equalTo("env"));
        createSandbox(USER, "{\"labels\": " + entries(33, "x") + "}").statusCode(400);
        createSandbox(USER, "{\"name\": \"" + "x".repeat(64) + "\"}").statusCode(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"wait=61", "wait=soon", "wait"})
    void aPreferenceThatCannotBeHonouredIsRefused(String preference) {
        as(USER).header("Prefer", preference)
                .body("{}")
                .post("/api/v1/sandboxes")
                .then()
                .statusCode(400)
                .body("violations[0].field", equalTo("Prefer"));
    }

    @Test
    void anIdempotencyKeyIsShortAndPrintable() {
        as(USER).header("Idempotency-Key", "x".repeat(129))
                .body("{}")
                .post("/api/v1/sandboxes")
                .then()
                .statusCode(400)
                .body("violations[0].field", equalTo("Idempotency-Key"));
    }

    @Test
    void nothingIsCreatedByARefusedRequest() {
        assertThat(Users.sandboxesOf(USER)).isEmpty();
    }

    @Test
    void everythingThatMayBeSaidIsUnderstood() {
        createSandbox(somebody(), """
                        {"name": "lab.1_a-b", "env": {"LANG": "C.UTF-8", "TEXT": "a\\nb"},
                         "labels": {"example.com/team": "Grüße"},
                         "idle": {"stopAfterMinutes": 30, "archiveAfterMinutes": 60, "deleteAfterMinutes": 0},
                         "network": {"blockAll": false, "allow": ["10.0.0.0/8", "192.168.1.1/32"]}}""")
                .statusCode(201)
                .body("name", equalTo("lab.1_a-b"))
                .body("labels", equalTo(java.util.Map.of("example.com/team", "Grüße")))
                .body("idle.stopAfterMinutes", equalTo(30))
                .body("idle.archiveAfterMinutes", equalTo(60))
                .body("idle.deleteAfterMinutes", equalTo(0));
    }

    private static String entries(int count, String value) {
        return IntStream.range(0, count)
                .mapToObj(i -> "\"K" + i + "\": \"" + value + "\"")
                .collect(Collectors.joining(", ", "{", "}"));
    }
}
