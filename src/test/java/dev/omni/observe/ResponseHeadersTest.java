package dev.omni.observe;

import static dev.omni.TestUsers.as;
import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;

import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import org.junit.jupiter.api.Test;

/** What every answer tells browsers and caches. */
@QuarkusTest
class ResponseHeadersTest {
    @Test
    void everyAnswerIsPrivateAndNotToBeGuessedAt() {
        for (Response response : new Response[] {
            as("alice").get("/test-probe"),
            given().get("/test-probe"),
            given().get("/nothing"),
            given().get("/q/openapi")
        }) {
            response.then()
                    .header("X-Content-Type-Options", equalTo("nosniff"))
                    .header("Cache-Control", equalTo("no-store"))
                    .header("Referrer-Policy", equalTo("no-referrer"))
                    .header("X-Frame-Options", equalTo("DENY"));
        }
    }

    @Test
    void aPageOfAnotherOriginMayNotCall() {
        as("alice")
                .header("Origin", "https://elsewhere.example")
                .get("/test-probe")
                .then()
                .statusCode(403);
    }
}
