package dev.omni.edge;

import static dev.omni.TestUsers.as;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import dev.omni.RawHttp;
import dev.omni.TestUsers;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages of the origins that are listed may call, those of others may not, however alike they look. */
@QuarkusTest
@TestProfile(OriginTest.Listed.class)
class OriginTest {
    public static class Listed implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "quarkus.http.cors.origins",
                    "https://app.example.com,https://staging.example.com:8443,/https://pr-[0-9]+[.]preview[.]example/");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"https://app.example.com", "https://staging.example.com:8443", "https://pr-17.preview.example"})
    void aPageOfAListedOriginMayCallAndReadTheAnswer(String origin) {
        assertReadable(given().header("Origin", origin).get("/test-probe/open"), origin, 200);

        given().header("Origin", origin)
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "authorization,content-type,idempotency-key")
                .options("/api/v1/sandboxes")
                .then()
                .statusCode(200)
                .header("Access-Control-Allow-Origin", equalTo(origin))
                .header("Access-Control-Allow-Credentials", equalTo("false"))
                .header("Access-Control-Allow-Methods", containsString("POST"))
                .header("Access-Control-Allow-Headers", containsString("Idempotency-Key"))
                .header("Access-Control-Max-Age", equalTo("600"))
                .header("Vary", equalTo("origin"));

        assertThat(handshake(origin)).isEqualTo(101);
    }

    @Test
    void aPageOfTheServiceItselfMayCall() {
        String own = "http://127.0.0.1:" + RawHttp.port();

        assertReadable(given().baseUri("http://127.0.0.1").header("Origin", own).get("/test-probe/open"), own, 200);
        assertThat(handshake(own)).isEqualTo(101);
    }

    @Test
    void refusalsMayBeReadToo() {
        String origin = "https://app.example.com";

        assertReadable(given().header("Origin", origin).get("/api/v1/sandboxes"), origin, 401);
        assertReadable(as("alice").header("Origin", origin).get("/nothing"), origin, 404);
        assertReadable(as("alice").header("Origin", origin).put("/test-probe"), origin, 405);
        assertReadable(
                as("alice").header("Origin", origin).body("a".repeat(1 << 21)).post("/test-probe"), origin, 413);
        assertReadable(
                as("alice")
                        .header("Origin", origin)
                        .header("Content-Encoding", "gzip")
                        .body("{}")
                        .post("/test-probe"),
                origin,
                415);
        assertReadable(as("alice").header("Origin", origin).get("/test-probe/fails/bug"), origin, 500);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://app.example.com",
                "https://app.example.com:443",
                "https://app.example.com:8443",
                "https://app.example.com/",
                "https://app.example.com/path",
                "https://APP.example.com",
                "HTTPS://app.example.com",
                "https://app.example.com.",
                "https://app.example.com.evil.example",
                "https://app.example.com@evil.example",
                "https://evil.example#https://app.example.com",
                "https://evilapp.example.com",
                "https://sub.app.example.com",
                "https://example.com",
                "https://app-example.com",
                "https://app.example.com https://evil.example",
                "https://app.example.com,https://evil.example",
                "https://staging.example.com",
                "https://pr-17.preview.example.evil.example",
                "https://pr-x.preview.example",
                "https://evil.example/https://pr-17.preview.example",
                "https://pr-17xpreview.example",
                "http://127.0.0.1",
                "https://127.0.0.1",
                "null",
                "NULL",
                "*",
                "file://",
                "chrome-extension://abcdefghijklmnop",
                "nonsense",
                "https://",
                "%68ttps://app.example.com"
            })
    void aPageOfAnotherOriginMayNot(String origin) {
        assertRefused(as("alice").header("Origin", origin).get("/test-probe/open"));
        assertRefused(as("alice").header("Origin", origin).body("{}").post("/api/v1/sandboxes"));
        assertRefused(given().header("Origin", origin)
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "authorization")
                .options("/api/v1/sandboxes"));
        assertThat(handshake(origin)).isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Origin:", "Origin: ", "Origin: https://app.example.com\r\nOrigin: https://evil.example"})
    void anOriginThatIsNoneIsRefused(String header) {
        String answer = RawHttp.exchange(
                "GET /test-probe/open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + header + "\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 403 ").contains("\"code\":\"forbidden\"");
    }

    @Test
    void whoIsNoPageMayCall() {
        given().get("/test-probe/open")
                .then()
                .statusCode(200)
                .header("Access-Control-Allow-Origin", nullValue())
                .header("Vary", equalTo("origin"));
    }

    private static void assertReadable(Response answer, String origin, int status) {
        answer.then().statusCode(status).header("Vary", equalTo("origin"));
        assertThat(answer.headers().getValues("Access-Control-Allow-Origin")).isEqualTo(List.of(origin));
        assertThat(answer.header("Access-Control-Expose-Headers")).contains("Retry-After", "Location", "X-Request-Id");
        assertThat(answer.header("Access-Control-Allow-Credentials")).isNotEqualTo("true");
    }

    private static void assertRefused(Response answer) {
        answer.then()
                .statusCode(403)
                .contentType("application/problem+json")
                .body("code", equalTo("forbidden"))
                .body("retryable", equalTo(false))
                .header("Access-Control-Allow-Origin", nullValue())
                .header("Access-Control-Allow-Methods", nullValue())
                .header("Vary", equalTo("origin"))
                .header("X-Content-Type-Options", equalTo("nosniff"));
    }

    /** The status that a handshake with this origin is answered with. */
    private static int handshake(String origin) {
        try {
            HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .header("Origin", origin)
                    .header("Authorization", "Bearer " + TestUsers.token("alice"))
                    .buildAsync(URI.create("ws://127.0.0.1:" + RawHttp.port() + "/ws"), new WebSocket.Listener() {})
                    .get()
                    .abort();
            return 101;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof WebSocketHandshakeException refused) {
                return refused.getResponse().statusCode();
            }
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
