package dev.omni;

import static io.restassured.RestAssured.given;

import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.config.ConfigProvider;

/** Signed-in users for tests: tokens come from the service itself, as a developer's do. */
public final class TestUsers {
    private static final Map<Object, String> TOKENS = new ConcurrentHashMap<>();

    private TestUsers() {}

    /** A token of an hour; the same one for the same question, as long as the service keeps its key. */
    public static String token(String sub, String... groups) {
        String key = ConfigProvider.getConfig().getValue("mp.jwt.verify.publickey", String.class);
        Map<String, Object> request = Map.of("sub", sub, "groups", Set.of(groups));
        return TOKENS.computeIfAbsent(List.of(key, request), unknown -> tokenFor(request));
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
