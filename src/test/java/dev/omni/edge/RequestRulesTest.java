package dev.omni.edge;

import static dev.omni.TestUsers.as;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;

import dev.omni.RawHttp;
import dev.omni.TestUsers;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Methods and bodies that no address takes. */
@QuarkusTest
class RequestRulesTest {
    private static final String BODY = "{\"name\":\"a\"}";

    @ParameterizedTest
    @ValueSource(strings = {"TRACE", "PROPFIND", "get", "FOO", "M-SEARCH"})
    void aMethodThatNoAddressKnowsIsA405(String method) {
        for (String path : new String[] {"/test-probe", "/nothing", "/ws", "/client/omni.js"}) {
            String answer = RawHttp.exchange(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    + "X-Secret: reflected\r\nAuthorization: Bearer " + TestUsers.token("alice") + "\r\n\r\n");

            assertThat(answer)
                    .startsWith("HTTP/1.1 405 ")
                    .contains("\"code\":\"method_not_allowed\"")
                    .containsIgnoringCase("allow: GET, HEAD,")
                    .doesNotContain("reflected");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/test-probe;x=1", "//test-probe", "/api//v1/sandboxes", "/api/v1/sandboxes;a", "/;/q/health"})
    void anAddressHasOneSpelling(String path) {
        String answer =
                RawHttp.exchange("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
                        + TestUsers.token("alice") + "\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 404 ").contains("\"code\":\"not_found\"");
    }

    @Test
    void thereIsNoTunnel() {
        assertThat(RawHttp.exchange("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\nConnection: close\r\n\r\n"))
                .matches("(?s)HTTP/1\\.1 40[045] .*")
                .contains("application/problem+json");
    }

    @Test
    void optionsTellWhatAnAddressKnows() {
        as("alice").options("/test-probe").then().statusCode(200).header("Allow", containsString("POST"));
        String all = RawHttp.exchange("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(all).matches("(?s)HTTP/1\\.1 (400|404) .*").contains("application/problem+json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "deflate", "br", "zstd", "identity, gzip", "nonsense", "GZIP"})
    void aCompressedBodyIsNotRead(String encoding) {
        as("alice")
                .header("Content-Encoding", encoding)
                .body(BODY)
                .post("/test-probe")
                .then()
                .statusCode(415)
                .contentType("application/problem+json")
                .body("code", equalTo("unsupported_media_type"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json;charset=ISO-8859-1",
                "application/json; charset=utf-16",
                "application/json;charset=\"US-ASCII\"",
                "application/json; CHARSET = latin1",
                "application/json;charset=",
                "application/json;charset=nonsense"
            })
    void aBodyInAnotherCharsetIsNotRead(String type) {
        assertThat(post(type)).startsWith("HTTP/1.1 415 ").contains("\"code\":\"unsupported_media_type\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json",
                "application/json;charset=utf-8",
                "application/json; charset=\"UTF-8\"",
                "Application/JSON; charset=UTF-8"
            })
    void aBodyInUtf8IsRead(String type) {
        assertThat(post(type)).startsWith("HTTP/1.1 200 ");
    }

    @Test
    void aBodyThatSaysItIsNotCompressedIsRead() {
        as("alice")
                .header("Content-Encoding", "identity")
                .body(BODY)
                .post("/test-probe")
                .then()
                .statusCode(200);
    }

    @Test
    void nothingIsCompressedOnTheWayBack() {
        given().header("Accept-Encoding", "gzip, br")
                .get("/client/omni.js")
                .then()
                .statusCode(200)
                .header("Content-Encoding", equalTo(null));
    }

    private static String post(String type) {
        return RawHttp.exchange("POST /test-probe HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: " + type
                + "\r\nContent-Length: " + BODY.length() + "\r\nAuthorization: Bearer " + TestUsers.token("alice")
                + "\r\n\r\n" + BODY);
    }
}
