package dev.omni.problem;

import static dev.omni.TestUsers.as;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.nullValue;

import dev.omni.RawHttp;
import dev.omni.TestUsers;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.response.ValidatableResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is wrong with a request is answered by one document that names it. */
@QuarkusTest
class BadRequestsTest {
    static Stream<Arguments> bodies() {
        return Stream.of(
                body("{\"name\":\"a\",\"foo\":1}", "unknown_field", "foo"),
                body("{\"name\":\"a\",\"idle\":{\"keep\":true,\"foo\":1}}", "unknown_field", "idle.foo"),
                body("{\"name\":\"a\"", "malformed_json", null),
                body("{\"name\":\"a\",\"idle\":{\"keep\":tru}}", "malformed_json", null),
                body("{\"name\":\"a\"} {}", "malformed_json", null),
                body("{\"name\":\"a\"}x", "malformed_json", null),
                body("{\"name\":\"a\",\"name\":\"b\"}", "malformed_json", null),
                body("{\"name\":\"a\",\"env\":{\"A\":\"1\",\"A\":\"2\"}}", "malformed_json", null),
                body("{'name':'a'}", "malformed_json", null),
                body("{\"name\":\"a\",}", "malformed_json", null),
                body("{\"name\":\"\u0001\"}", "malformed_json", null),
                body("[".repeat(50) + "]".repeat(50), "validation_failed", "body"),
                body("{\"name\":\"a\",\"foo\":" + "[".repeat(50) + "]".repeat(50) + "}", "malformed_json", null),
                body(
                        "{\"name\":\"a\",\"env\":" + "{\"a\":".repeat(50) + "1" + "}".repeat(51),
                        "validation_failed",
                        null),
                body("{\"name\":1}", "validation_failed", "name"),
                body("{\"name\":1.5}", "validation_failed", "name"),
                body("{\"name\":true}", "validation_failed", "name"),
                body("{\"name\":{}}", "validation_failed", "name"),
                body("{\"name\":[\"a\"]}", "validation_failed", "name"),
                body("{\"name\":\"a\",\"count\":\"1\"}", "validation_failed", "count"),
                body("{\"name\":\"a\",\"count\":1.5}", "validation_failed", "count"),
                body("{\"name\":\"a\",\"count\":true}", "validation_failed", "count"),
                body("{\"name\":\"a\",\"count\":\"\"}", "validation_failed", "count"),
                body("{\"name\":\"a\",\"count\":99999999999999999999}", "validation_failed", "count"),
                body("{\"name\":\"a\",\"share\":\"1\"}", "validation_failed", "share"),
                body("{\"name\":\"a\",\"share\":NaN}", "malformed_json", null),
                body("{\"name\":\"a\",\"size\":0}", "validation_failed", "size"),
                body("{\"name\":\"a\",\"size\":\"small\"}", "validation_failed", "size"),
                body("{\"name\":\"a\",\"size\":\"\"}", "validation_failed", "size"),
                body("{\"name\":\"a\",\"idle\":{\"keep\":null}}", "validation_failed", "idle.keep"),
                body("{\"name\":\"a\",\"idle\":{\"keep\":1}}", "validation_failed", "idle.keep"),
                body("{\"name\":\"a\",\"idle\":{\"keep\":\"true\"}}", "validation_failed", "idle.keep"),
                body("{\"name\":\"a\",\"idle\":[]}", "validation_failed", "idle"),
                body("{\"name\":\"a\",\"idle\":\"\"}", "validation_failed", "idle"),
                body(
                        "{\"name\":\"a\",\"idle\":{\"keep\":true,\"stopAfterMinutes\":0}}",
                        "validation_failed",
                        "idle.stopAfterMinutes"),
                body("{\"name\":\"a\",\"allow\":\"x\"}", "validation_failed", "allow"),
                body("{\"name\":\"a\",\"allow\":[\"x\",1]}", "validation_failed", "allow[1]"),
                body("{\"name\":\"a\",\"allow\":[\"x\",\" \"]}", "validation_failed", "allow[1]"),
                body("{\"name\":\"a\",\"env\":{\"A\":\"123456\"}}", "validation_failed", "env[A]"),
                body("{\"name\":\"a\",\"env\":{\"A\":1}}", "validation_failed", "env.A"),
                body("{\"name\":\"a\\u0000b\"}", "validation_failed", "name"),
                body("{\"name\":\"a\\nb\"}", "validation_failed", "name"),
                body("{\"name\":\"a\\u202eb\\ud800\"}", "validation_failed", "name"),
                body("{\"name\":\"a\",\"text\":\"\\u0007\"}", "validation_failed", "text"),
                body("{\"name\":\"a\",\"allow\":[\"\\u0000\"]}", "validation_failed", "allow[0]"),
                body("{\"name\":\"" + "a".repeat(21) + "\"}", "validation_failed", "name"),
                body("{}", "validation_failed", "name"),
                body("{\"name\":\"  \"}", "validation_failed", "name"),
                body("null", "validation_failed", "body"),
                body("", "validation_failed", "body"),
                body("   ", "validation_failed", "body"),
                body("[]", "validation_failed", "body"),
                body("\"a\"", "validation_failed", "body"),
                body("1", "validation_failed", "body"));
    }

    private static Arguments body(String json, String code, @Nullable String field) {
        return Arguments.of(json, code, field);
    }

    @ParameterizedTest
    @MethodSource("bodies")
    void aBodyThatIsWrongIsRefusedNamingTheField(String json, String code, @Nullable String field) {
        ValidatableResponse answer = problem(as("alice").body(json).post("/test-probe"), 400, code);
        if (field != null) {
            answer.body("violations[0].field", equalTo(field)).body("violations.size()", is(1));
        }
    }

    @Test
    void everyFieldThatIsWrongIsNamedAtOnce() {
        problem(
                        as("alice")
                                .body("{\"name\":\"\",\"idle\":{\"keep\":true,\"stopAfterMinutes\":101}}")
                                .post("/test-probe"),
                        400,
                        "validation_failed")
                .body("violations.field", hasItems("idle.stopAfterMinutes", "name"));
    }

    @Test
    void aBodyThatIsRightIsTaken() {
        as("alice")
                .body("{\"name\":\"Zoë 👩‍🚀 日本\",\"text\":\"a\\n\\tb\",\"count\":3,\"share\":2,\"size\":\"SMALL\","
                        + "\"idle\":{\"keep\":true,\"stopAfterMinutes\":5},\"allow\":[\"x\"],\"env\":{\"A\":\"1\"}}")
                .post("/test-probe")
                .then()
                .statusCode(200)
                .body("name", equalTo("Zoë 👩‍🚀 日本"))
                .body("share", equalTo(2.0f))
                .body("idle.stopAfterMinutes", equalTo(5));
    }

    @ParameterizedTest
    @CsvSource({
        "unknown=1, unknown_parameter, unknown",
        "Limit=1, unknown_parameter, Limit",
        "most=1, unknown_parameter, most",
        "limit=1&limit=2, validation_failed, limit",
        "limit=, validation_failed, limit",
        "limit=ten, validation_failed, limit",
        "limit=99999999999, validation_failed, limit",
        "limit=0, validation_failed, limit",
        "limit=51, validation_failed, limit",
        "deep=yes, validation_failed, deep",
        "name=a%00b, validation_failed, name",
        "name=a%0Ab, validation_failed, name",
        "name=12345678901, validation_failed, name",
    })
    void aQueryThatIsWrongIsRefusedNamingTheParameter(String query, String code, String field) {
        problem(as("alice").urlEncodingEnabled(false).get("/test-probe?" + query), 400, code)
                .body("violations.field", everyItem(equalTo(field)));
    }

    @Test
    void aListInTheQueryMayBeLong() {
        as("alice")
                .get("/test-probe?label=a&label=b&limit=5&deep=true")
                .then()
                .statusCode(200)
                .body("labels.size()", is(2))
                .body("time", equalTo("1970-01-01T00:00:00Z"));
    }

    @Test
    void aHeaderThatIsWrongIsNamed() {
        problem(as("alice").header("X-Probe", "too long").get("/test-probe"), 400, "validation_failed")
                .body("violations[0].field", equalTo("X-Probe"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "not-a-uuid", "1-1-1-1-1", "%00", "00000000-0000-0000-0000-00000000000g"})
    void aPathValueThatIsNotOfItsTypeIsA400(String jobId) {
        problem(as("alice").urlEncodingEnabled(false).get("/test-probe/a/jobs/" + jobId), 400, "validation_failed")
                .body("violations[0].field", equalTo("jobId"));
    }

    @Test
    void aPathValueWithControlCharactersIsA400() {
        problem(
                        as("alice")
                                .urlEncodingEnabled(false)
                                .get("/test-probe/a%00/jobs/00000000-0000-0000-0000-000000000000"),
                        400,
                        "validation_failed")
                .body("violations[0].field", equalTo("id"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/nothing",
                "/nothing/",
                "/api/v1/nothing",
                "/test-probe/a/b/c",
                "/q/nothing",
                "/test-probe/%2e%2e/x"
            })
    void anUnknownAddressIsA404(String path) {
        problem(as("alice").urlEncodingEnabled(false).get(path), 404, "not_found");
        problem(given().urlEncodingEnabled(false).get(path), 404, "not_found");
    }

    @Test
    void brokenPercentEncodingIsRefusedBeforeItGetsAnywhere() {
        for (String address : List.of("/test-probe?name=%zz", "/test-probe/%zz/jobs/x", "/%zz", "/%")) {
            assertThat(RawHttp.exchange(
                            "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n"
                                    .formatted(address, TestUsers.token("alice"))))
                    .as(address)
                    .startsWith("HTTP/1.1 400 ")
                    .doesNotContainIgnoringCase("exception");
        }
    }

    @Test
    void aMethodThatAnAddressDoesNotKnowIsA405ThatSaysWhichItKnows() {
        problem(as("alice").put("/test-probe"), 405, "method_not_allowed").header("Allow", "GET, HEAD, OPTIONS, POST");
        problem(as("alice").put("/test-probe/a/jobs/b"), 405, "method_not_allowed")
                .header("Allow", "GET, HEAD, OPTIONS");
    }

    @Test
    void aMediaTypeThatCannotBeSentIsA406() {
        problem(as("alice").accept("image/png").get("/test-probe"), 406, "not_acceptable");
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/xml", "nonsense"})
    void aMediaTypeThatIsNotReadIsA415(String type) {
        problem(
                as("alice")
                        .contentType(type)
                        .body("{\"name\":\"a\"}".getBytes(StandardCharsets.UTF_8))
                        .post("/test-probe"),
                415,
                "unsupported_media_type");
    }

    @Test
    void aBodyOverTheLimitIsA413() {
        problem(as("alice").body("{\"name\":\"" + "a".repeat(1 << 20) + "\"}").post("/test-probe"), 413, "too_large");
    }

    @Test
    void aBodyOverTheLimitIsA413EvenIfItDoesNotSaySo() {
        String chunk = "a".repeat(0x8000);
        String body = "8\r\n{\"name\":\r\n1\r\n\"\r\n" + ("8000\r\n" + chunk + "\r\n").repeat(40) + "0\r\n\r\n";
        String answer = RawHttp.exchange("POST /test-probe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\nAuthorization: Bearer " + TestUsers.token("alice") + "\r\n\r\n"
                + body);
        assertThat(answer)
                .startsWith("HTTP/1.1 413 ")
                .contains(Problem.MEDIA_TYPE, "too_large")
                .containsIgnoringCase("connection: close");
    }

    @Test
    void aBodyOfMostOfTheLimitIsRead() {
        problem(
                        as("alice")
                                .body("{\"name\":\"" + "a".repeat(1_000_000) + "\"}")
                                .post("/test-probe"),
                        400,
                        "validation_failed")
                .body("violations[0].field", equalTo("name"));
    }

    @Test
    void aProblemOfTheServiceKeepsItsCodeAndSaysWhenToTryAgain() {
        problem(as("alice").get("/test-probe/fails/not-ready"), 409, "sandbox_not_ready")
                .body("detail", equalTo("The sandbox is stopped."))
                .body("violations", nullValue())
                .body("retryAfterSeconds", nullValue())
                .body("stage", nullValue());
        problem(as("alice").get("/test-probe/fails/busy"), 429, "rate_limited")
                .header("Retry-After", "2")
                .body("retryAfterSeconds", is(2));
        problem(as("alice").get("/test-probe/fails/slow"), 504, "upstream_timeout");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bug", "async-bug", "error"})
    void anAccidentIsA500ThatTellsNothing(String how) {
        problem(as("alice").get("/test-probe/fails/" + how), 500, "internal_error");
    }

    @Test
    void headIsAnsweredWithoutABody() {
        as("alice").head("/test-probe").then().statusCode(200);
        as("alice").head("/test-probe?unknown=1").then().statusCode(400);
        as("alice").head("/nothing").then().statusCode(404);
    }

    static ValidatableResponse problem(Response response, int status, String code) {
        assertThat(response.asString())
                .doesNotContainIgnoringCase("exception")
                .doesNotContain(
                        "dev.omni", "java.", "com.fasterxml", "io.quarkus", "secret", "upstream.example", "\tat ");
        return response.then()
                .statusCode(status)
                .contentType(Problem.MEDIA_TYPE)
                .header(RequestId.HEADER, not(nullValue()))
                .body("status", is(status))
                .body("code", equalTo(code))
                .body("type", equalTo("urn:omni:problem:" + code))
                .body("title", matchesPattern(".+"))
                .body("detail", matchesPattern(".+"))
                .body("instance", matchesPattern("/.*"))
                .body(
                        "retryable",
                        is(ProblemCode.valueOf(code.toUpperCase(Locale.ROOT)).isRetryable()))
                .body("requestId", equalTo(response.header(RequestId.HEADER)));
    }
}
