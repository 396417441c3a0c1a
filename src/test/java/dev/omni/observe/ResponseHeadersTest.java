package dev.omni.observe;

import static dev.omni.TestUsers.as;
import static dev.omni.TestUsers.token;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.nullValue;

import dev.omni.RawHttp;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every answer tells browsers and caches. */
@QuarkusTest
class ResponseHeadersTest {
    /** Another request behind the one that is looked at, so that the connection ends. */
    private static final String LAST = "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    @Test
    void everyAnswerIsPrivateAndNotToBeGuessedAt() {
        for (Response response : new Response[] {
            as("alice").get("/test-probe"),
            given().get("/test-probe"),
            as("alice").get("/test-probe/operators"),
            given().get("/nothing"),
            given().get("/q/openapi"),
            as("alice").put("/test-probe"),
            as("alice").accept("image/png").get("/test-probe"),
            as("alice").get("/test-probe/fails/not-ready"),
            as("alice").body("a".repeat(1 << 21)).post("/test-probe"),
            as("alice").contentType("text/plain").body("a").post("/test-probe"),
            as("alice").get("/test-probe/fails/busy"),
            as("alice").get("/test-probe/fails/bug"),
            as("alice").get("/test-probe/fails/slow"),
            given().header("Origin", "https://elsewhere.example").get("/test-probe"),
            given().header("Origin", "https://elsewhere.example")
                    .header("Access-Control-Request-Method", "PUT")
                    .options("/test-probe"),
        }) {
            response.then()
                    .header("X-Content-Type-Options", equalTo("nosniff"))
                    .header("Cache-Control", equalTo("no-store"))
                    .header("Referrer-Policy", equalTo("no-referrer"))
                    .header("X-Frame-Options", equalTo("DENY"))
                    .header("Cross-Origin-Resource-Policy", equalTo("same-origin"))
                    .header("Cross-Origin-Opener-Policy", equalTo("same-origin"))
                    .header("Server", nullValue())
                    .header("X-Powered-By", nullValue());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /ws HTTP/1.1\r\nHost: x\r\n",
                "GET /nothing HTTP/1.1\r\nHost: x\r\n",
                "GET /ws HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer nonsense\r\n",
                "GET /ws HTTP/1.1\r\nHost: x\r\nOrigin: https://elsewhere.example\r\n",
                "GET /ws HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Protocol: quarkus-http-upgrade#X#y\r\n",
                "GET /ws HTTP/1.1\r\n",
            })
    void soIsARefusedHandshake(String request) {
        assertPrivate(RawHttp.exchange(request + "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" + LAST));
    }

    @ParameterizedTest
    @CsvSource({"Upgrade, 99", "keep-alive, 13"})
    void soIsAHandshakeThatIsNone(String connection, String version) {
        assertPrivate(RawHttp.exchange("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: " + connection
                + "\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: "
                + version + "\r\nAuthorization: Bearer " + token("alice") + "\r\n\r\n" + LAST));
    }

    @Test
    void pagesOfOtherSitesMayLoadTheClient() {
        given().get("/client/omni.js")
                .then()
                .statusCode(200)
                .header("Cross-Origin-Resource-Policy", equalTo("cross-origin"))
                .header("X-Content-Type-Options", equalTo("nosniff"));
    }

    @Test
    void aPageOfAnotherOriginMayNotCall() {
        as("alice")
                .header("Origin", "https://elsewhere.example")
                .get("/test-probe")
                .then()
                .statusCode(403);
    }

    private static void assertPrivate(String answers) {
        int next = answers.indexOf("HTTP/1.1 ", 1);
        String answer = next < 0 ? answers : answers.substring(0, next);
        assertThat(answer)
                .matches("(?s)HTTP/1\\.1 4\\d\\d .*")
                .containsIgnoringCase("x-content-type-options: nosniff")
                .containsIgnoringCase("cache-control: no-store")
                .containsIgnoringCase("x-frame-options: DENY")
                .doesNotContainIgnoringCase("\r\nserver:");
    }
}
