package dev.omni.compat;

import static dev.omni.TestUsers.as;
import static dev.omni.sandbox.Users.createReady;
import static dev.omni.sandbox.Users.somebody;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.oneOf;

import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
class CompatTest {
    private final String user = somebody();

    @Inject
    LocalDaytona daytona;

    @AfterEach
    void nothingIsBroken() {
        daytona.faults().clear();
    }

    @Test
    void aUserGetsTheSameSandboxEveryTime() {
        String id = post("/api/sandbox/create", "{\"userId\": \"" + user + "\"}")
                .statusCode(200)
                .body("status", is(oneOf("creating", "ready")))
                .extract()
                .path("sandboxId");
        post("/api/sandbox/create", "{}").statusCode(200).body("sandboxId", equalTo(id));
        as(user).put("/api/v1/sandboxes/default").then().statusCode(200).body("id", equalTo(id));
    }

    @Test
    void theStatusTellsWhenTheSandboxWasCreatedInMilliseconds() {
        Instant before = Instant.now();
        String id = createReady(user);
        Number createdAt = as(user).queryParam("id", id)
                .queryParam("userId", user)
                .get("/api/sandbox/status")
                .then()
                .statusCode(200)
                .body("sandboxId", equalTo(id))
                .body("status", equalTo("ready"))
                .extract()
                .path("createdAt");
        assertThat(Instant.ofEpochMilli(createdAt.longValue()))
                .isBetween(before.minusSeconds(5), Instant.now().plusSeconds(5));
    }

    @Test
    void aStoppedSandboxIsToldAsStoppedAndWokenWhenAskedFor() {
        String id = post("/api/sandbox/create", "{}").extract().path("sandboxId");
        awaitStatus(id, "ready");
        as(user).post("/api/v1/sandboxes/{id}/stop", id).then().statusCode(202);
        awaitStatus(id, "stopped");
        post("/api/sandbox/create", "{}")
                .statusCode(200)
                .body("sandboxId", equalTo(id))
                .body("status", is(oneOf("creating", "ready")));
    }

    @Test
    void anInputIsAcceptedAsAJob() {
        String id = createReady(user);
        post("/api/knowledge/process", """
                        {"input": "What is 1 + 1?", "sandboxId": "%s", "userId": "%s", "model": "haiku",
                         "env": {"LANG": "C.UTF-8"}, "taskId": "t-1"}""".formatted(id, user))
                .statusCode(202)
                .body("jobId", notNullValue())
                .body("accepted", equalTo(true));
    }

    @Test
    void anInputForASandboxThatIsNotReadyIsRefused() {
        String id = createReady(user);
        as(user).post("/api/v1/sandboxes/{id}/stop", id).then().statusCode(202);
        awaitStatus(id, "stopped");
        error(
                post("/api/knowledge/process", "{\"input\": \"x\", \"sandboxId\": \"" + id + "\"}"),
                409,
                "SANDBOX_NOT_READY");
    }

    @Test
    void thereIsNoStaleSnapshotToDrop() {
        as(user).post("/api/snapshot/invalidate").then().statusCode(200).body("ok", equalTo(true));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/api/sandbox/create    | {\"userId\": \"somebody-else\"}",
                "/api/knowledge/process | {\"userId\": \"somebody-else\", \"input\": \"x\", \"sandboxId\": \"y\"}"
            })
    void theTokenDecidesWhoTheUserIs(String path, String body) {
        error(post(path, body), 403, "UNAUTHORIZED").body("error.details.code", equalTo("user_mismatch"));
    }

    @Test
    void theTokenDecidesWhoTheUserIsInAQueryToo() {
        error(as(user).get("/api/sandbox/status?id=x&userId=somebody-else").then(), 403, "UNAUTHORIZED");
    }

    @Test
    void somebodyElsesSandboxIsUnknown() {
        String id = createReady(somebody());
        for (String unknown : new String[] {id, UUID.randomUUID().toString()}) {
            error(as(user).get("/api/sandbox/status?id=" + unknown).then(), 404, "SANDBOX_NOT_FOUND");
            error(
                    post("/api/knowledge/process", "{\"input\": \"x\", \"sandboxId\": \"" + unknown + "\"}"),
                    404,
                    "SANDBOX_NOT_FOUND");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"input\": \"\", \"sandboxId\": \"x\"}",
                "{\"input\": \"x\"}",
                "{\"input\": 1, \"sandboxId\": \"x\"}",
                "{\"input\": \"x\", \"sandboxId\": \"y\", \"model\": \"--dangerous\"}",
                "{\"input\": \"x\", \"sandboxId\": \"y\", \"env\": {\"A=B\": \"1\"}}",
                "{\"input\": \"x\", \"sandboxId\": \"y\", \"inputs\": \"z\"}",
                "{\"input\": "
            })
    void anInputThatIsNotRightIsRefused(String body) {
        error(post("/api/knowledge/process", body), 400, "VALIDATION_ERROR");
    }

    @Test
    void aStatusNeedsAnId() {
        error(as(user).get("/api/sandbox/status").then(), 400, "VALIDATION_ERROR")
                .body("error.details.violations[0].field", equalTo("id"));
    }

    @Test
    void whatIsNotThereOrNotAllowedHasTheOldEnvelopeToo() {
        error(as(user).get("/api/sandbox/nothing").then(), 404, "NOT_FOUND");
        error(as(user).get("/api/sandbox/create").then(), 405, "METHOD_NOT_ALLOWED");
        error(given().post("/api/snapshot/invalidate").then(), 401, "UNAUTHORIZED");
        error(given().auth().oauth2("a.b.c").post("/api/snapshot/invalidate").then(), 401, "UNAUTHORIZED");
    }

    @Test
    void aPlatformThatFailsIsAServerError() {
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.tooManyRequests("sandbox-create", 1));
        error(post("/api/sandbox/create", "{}"), 503, "SERVER_ERROR")
                .body("error.details.code", equalTo("upstream_rate_limited"))
                .header("Retry-After", notNullValue());
    }

    @Test
    void theErrorsOfTodaysApiAreLeftAlone() {
        as(user).get("/api/v1/sandboxes/{id}", UUID.randomUUID())
                .then()
                .statusCode(404)
                .contentType("application/problem+json")
                .body("code", equalTo("sandbox_not_found"));
    }

    private static ValidatableResponse error(ValidatableResponse response, int status, String code) {
        return response.statusCode(status)
                .contentType(ContentType.JSON)
                .body("error.code", equalTo(code))
                .body("error.message", not(equalTo("")));
    }

    private ValidatableResponse post(String path, String body) {
        return as(user).body(body).post(path).then();
    }

    private void awaitStatus(String id, String status) {
        await().atMost(Duration.ofSeconds(20))
                .until(
                        () -> as(user).get("/api/sandbox/status?id=" + id)
                                .then()
                                .extract()
                                .path("status"),
                        status::equals);
    }
}
