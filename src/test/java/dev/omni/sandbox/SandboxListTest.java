package dev.omni.sandbox;

import static dev.omni.TestUsers.as;
import static dev.omni.sandbox.Users.awaitStatus;
import static dev.omni.sandbox.Users.createReady;
import static dev.omni.sandbox.Users.createSandbox;
import static dev.omni.sandbox.Users.somebody;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
class SandboxListTest {
    private final String user = somebody();

    @Test
    void isEmptyForWhoHasNone() {
        list("").statusCode(200).body("items", empty()).body("nextCursor", nullValue());
    }

    @Test
    void givesTheNewestFirstPageByPageAndNoneTwice() {
        List<String> newestFirst = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            newestFirst.addFirst(
                    createSandbox(user, "{}").statusCode(201).extract().path("id"));
        }
        createReady(somebody());

        List<String> seen = new ArrayList<>();
        String query = "?limit=2";
        String cursor = "";
        while (cursor != null) {
            ValidatableResponse page = list(query).statusCode(200);
            seen.addAll(page.extract().path("items.id"));
            cursor = page.extract().path("nextCursor");
            query = "?limit=2&cursor=" + cursor;
        }
        assertThat(seen).containsExactlyElementsOf(newestFirst);
    }

    @Test
    void isFilteredByLabels() {
        createSandbox(user, "{\"labels\": {\"project\": \"q2\", \"kind\": \"report\"}}")
                .statusCode(201);
        String id = createSandbox(user, "{\"labels\": {\"project\": \"q3\", \"kind\": \"report\"}}")
                .statusCode(201)
                .extract()
                .path("id");
        list("?label=project:q3&label=kind:report").statusCode(200).body("items.id", contains(id));
        list("?label=project:q4").statusCode(200).body("items", empty());
    }

    @Test
    void isFilteredByStatus() {
        String ready = createReady(user);
        String stopped = createReady(user);
        as(user).post("/api/v1/sandboxes/{id}/stop", stopped).then().statusCode(202);
        awaitStatus(user, stopped, "stopped");
        list("?status=stopped").statusCode(200).body("items.id", contains(stopped));
        list("?status=ready").statusCode(200).body("items.id", contains(ready));
        list("?status=error").statusCode(200).body("items", empty());
    }

    @Test
    void takesNoCursorOfAnotherList() {
        createSandbox(user, "{}").statusCode(201);
        createSandbox(user, "{}").statusCode(201);
        String cursor = list("?limit=1").extract().path("nextCursor");
        list("?limit=1&cursor=" + cursor).statusCode(200);
        list("?limit=1&status=ready&cursor=" + cursor).statusCode(400).body("code", equalTo("invalid_cursor"));
        as(somebody())
                .get("/api/v1/sandboxes?limit=1&cursor=" + cursor)
                .then()
                .statusCode(400)
                .body("code", equalTo("invalid_cursor"));
        list("?cursor=nonsense").statusCode(400).body("code", equalTo("invalid_cursor"));
    }

    @ParameterizedTest
    @CsvSource({
        "limit=0, limit",
        "limit=101, limit",
        "limit=many, limit",
        "status=READY, status",
        "label=project, label",
        "label=:q3, label",
        "label=omni.owner:bob, label",
        "label=a:1&label=a:2, label"
    })
    void refusesAQueryItCannotHonour(String query, String field) {
        list("?" + query)
                .statusCode(400)
                .body("code", equalTo("validation_failed"))
                .body("violations[0].field", equalTo(field));
    }

    @Test
    void refusesAParameterItDoesNotKnow() {
        list("?page=2").statusCode(400).body("code", equalTo("unknown_parameter"));
    }

    private ValidatableResponse list(String query) {
        return as(user).get("/api/v1/sandboxes" + query).then();
    }
}
