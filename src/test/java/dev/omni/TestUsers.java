package dev.omni;

import static io.restassured.RestAssured.given;

import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import java.util.Map;
import java.util.Set;

/** Signed-in users for tests: tokens come from the service itself, as a developer's do. */
public final class TestUsers {
    private TestUsers() {}

    /** A token of an hour. */
    public static String token(String sub, String... groups) {
        return tokenFor(Map.of("sub", sub, "groups", Set.of(groups)));
    }

    /** A token that expires after the given seconds. */
    public static String shortLivedToken(String sub, long seconds) {
        return tokenFor(Map.of("sub", sub, "expiresInSeconds", seconds));
    }

    /** A request of that user, with a JSON body if it has any. */
    public static RequestSpecification as(String sub, String... groups) {
        return with(token(sub, groups));
    }

    /** A request with that token. */
    public static RequestSpecification with(String token) {
        return given().header("Authorization", "Bearer " + token).contentType(ContentType.JSON);
    }

    private static String tokenFor(Map<String, Object> request) {
        return given().contentType(ContentType.JSON)
                .body(request)
                .post("/dev/token")
                .then()
                .statusCode(200)
                .extract()
                .path("token");
    }
}
