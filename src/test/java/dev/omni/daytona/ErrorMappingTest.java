package dev.omni.daytona;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.core.JsonParseException;
import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.daytona.ErrorMapping.Origin;
import dev.omni.problem.ProblemCode;
import io.vertx.core.VertxException;
import jakarta.ws.rs.ProcessingException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrorMappingTest {
    private static final String KEY = "dtn_0123456789abcdef";
    private static final String OLD_KEY = "another-form-of-key";
    private final ErrorMapping errors = new ErrorMapping(() -> List.of(KEY, OLD_KEY));

    @ParameterizedTest
    @CsvSource({
        "302, FAILED", "400, BAD_REQUEST", "401, REFUSED", "403, REFUSED", "404, NOT_FOUND", "408, TIMEOUT",
        "409, CONFLICT", "410, GONE", "413, BAD_REQUEST", "422, BAD_REQUEST", "429, RATE_LIMITED", "500, FAILED",
        "502, UNAVAILABLE", "503, UNAVAILABLE", "504, TIMEOUT", "599, FAILED"
    })
    void theStatusDecidesWhereTheBodyIsEmpty(int status, Kind kind) {
        DaytonaException e = errors.answer(Origin.CONTROL_PLANE, status, Map.of(), "");

        assertThat(e.kind()).isEqualTo(kind);
        assertThat(e.status()).isEqualTo(status);
        assertThat(e.upstreamMessage()).isEmpty();
    }

    static Stream<Arguments> bodies() {
        return Stream.of(
                arguments("control plane", """
                        {"path":"/api/sandbox/x","timestamp":"2026-06-25T10:00:00.000Z","statusCode":409,
                         "error":"Conflict","message":"Sandbox state change in progress"}""", "Sandbox state change in progress"),
                arguments("malformed JSON", """
                        {"statusCode":400,"message":"Invalid JSON in request body","error":"Bad Request"}""", "Invalid JSON in request body"),
                arguments("typed daemon error", """
                        {"statusCode":404,"message":"not found: command not found","code":"NOT_FOUND",
                         "timestamp":"2026-06-25T10:00:00.1234Z","path":"/process","method":"GET"}""", "not found: command not found"),
                arguments("untyped daemon error", """
                        {"statusCode":500,"message":"failed","timestamp":"0001-01-01T00:00:00Z","path":""}""", "failed"),
                arguments("error", "{\"error\":\"cols out of range\"}", "cols out of range"),
                arguments("errors", "{\"errors\":[\"/a: no\",\"/b: no\"],\"files\":null}", "/a: no, /b: no"),
                arguments("list of messages", "{\"message\":[\"one\",\"two\"]}", "one, two"),
                arguments("plain text", "404 page not found", "404 page not found"),
                arguments("HTML", "<html><title>502</title>\n<body>Bad Gateway</body></html>", "502 Bad Gateway"),
                arguments("broken JSON", "{\"message\":", "{\"message\":"),
                arguments("other JSON", "{\"reason\":\"none\"}", "{\"reason\":\"none\"}"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void theMessageIsFoundInEveryShapeOfBody(String shape, String body, String message) {
        assertThat(errors.answer(Origin.CONTROL_PLANE, 400, Map.of(), body).upstreamMessage())
                .as(shape)
                .isEqualTo(message);
    }

    static Stream<Arguments> notRunning() {
        return Stream.of(
                arguments(
                        400,
                        "{\"message\":\"bad request: failed to resolve container IP after 3 attempts: no IP address"
                                + " found. Is the Sandbox started?\"}"),
                arguments(
                        400,
                        "{\"message\":\"bad request: failed to get runner info: Sandbox with ID x does not have a"
                                + " runner\"}"),
                arguments(404, "{\"message\":\"not found: sandbox container not found: x\"}"),
                arguments(502, ""));
    }

    @ParameterizedTest
    @MethodSource("notRunning")
    void theToolboxSaysInSeveralWaysThatTheSandboxDoesNotRun(int status, String body) {
        DaytonaException e = errors.answer(Origin.TOOLBOX, status, Map.of(), body);

        assertThat(e.kind()).isEqualTo(Kind.NOT_RUNNING);
        assertThat(e.code()).isEqualTo(ProblemCode.SANDBOX_NOT_READY);
        assertThat(errors.answer(Origin.CONTROL_PLANE, status, Map.of(), body).kind())
                .isNotEqualTo(Kind.NOT_RUNNING);
    }

    @Test
    void aToolboxErrorThatIsSomethingElseStaysWhatItIs() {
        assertThat(errors.answer(Origin.TOOLBOX, 400, Map.of(), "").kind()).isEqualTo(Kind.BAD_REQUEST);
        assertThat(errors.answer(Origin.TOOLBOX, 401, Map.of(), "").kind()).isEqualTo(Kind.REFUSED);
        assertThat(errors.answer(Origin.TOOLBOX, 404, Map.of(), "").kind()).isEqualTo(Kind.NOT_FOUND);
        assertThat(errors.answer(Origin.TOOLBOX, 502, Map.of(), "<h1>Bad Gateway</h1>")
                        .kind())
                .isEqualTo(Kind.UNAVAILABLE);
    }

    @Test
    void aRefusedUpgradeWith400MeansThatTheSandboxDoesNotRun() {
        assertThat(errors.answer(Origin.HANDSHAKE, 400, Map.of(), "").kind()).isEqualTo(Kind.NOT_RUNNING);
    }

    @Test
    void anUnknownSessionIsFoundInTheUntyped500OfExec() {
        String body = "{\"statusCode\":500,\"message\":\"failed to execute command: not found: session not found\","
                + "\"timestamp\":\"0001-01-01T00:00:00Z\",\"path\":\"\"}";

        assertThat(errors.answer(Origin.TOOLBOX, 500, Map.of(), body).kind()).isEqualTo(Kind.NOT_FOUND);
    }

    @ParameterizedTest
    @CsvSource({
        "Retry-After, 7, 7",
        "Retry-After-sandbox-create, 42, 42",
        "retry-after-authenticated, ' 3 ', 3",
        "Retry-After, -5, 0",
        "Retry-After, 999999, 3600",
        "Retry-After, 'Wed, 21 Oct 2015 07:28:00 GMT', 0"
    })
    void theWaitIsReadFromDaytonasHeaderAndTheStandardOne(String name, String value, long seconds) {
        DaytonaException e = errors.answer(Origin.CONTROL_PLANE, 429, Map.of(name, List.of(value)), "");

        assertThat(e.retryAfter()).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void theLongestOfSeveralWaitsCounts() {
        var headers = Map.of("Retry-After-a", List.of("2"), "Retry-After-b", List.of("9"), "Retry-After", List.of("?"));

        assertThat(errors.answer(Origin.CONTROL_PLANE, 503, headers, "").retryAfter())
                .isEqualTo(Duration.ofSeconds(9));
        assertThat(errors.answer(Origin.CONTROL_PLANE, 409, headers, "").retryAfter())
                .isNull();
    }

    @Test
    void theCallerLearnsNothingOfDaytonasWords() {
        DaytonaException e =
                errors.answer(Origin.CONTROL_PLANE, 500, Map.of(), "{\"message\":\"db at 10.0.0.7 refused\"}");

        assertThat(e.detail()).doesNotContain("10.0.0.7").isEqualTo("The sandbox platform failed.");
        assertThat(e.upstreamMessage()).isEqualTo("db at 10.0.0.7 refused");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "key " + KEY + " is bad",
                "Authorization: Bearer abc.def.ghi",
                "bearer " + KEY,
                "key " + OLD_KEY + " is bad",
                "used dtn_ffffffffffffffffffff"
            })
    void secretsAreCutOut(String body) {
        assertThat(errors.answer(Origin.CONTROL_PLANE, 401, Map.of(), body).upstreamMessage())
                .contains("***")
                .doesNotContain(KEY, OLD_KEY, "abc.def", "dtn_f");
    }

    @Test
    void theMessageIsOneShortLine() {
        String body = "a\r\n\tb\u0000\u001b[31m" + "x".repeat(100_000);

        String message =
                errors.answer(Origin.CONTROL_PLANE, 500, Map.of(), body).upstreamMessage();

        assertThat(message).hasSize(500).startsWith("a b [31mxxx");
    }

    static Stream<Arguments> failures() throws Exception {
        return Stream.of(
                arguments(new ConnectException("refused"), Kind.UNAVAILABLE),
                arguments(new IOException("reset"), Kind.UNAVAILABLE),
                arguments(new UnknownHostException("nowhere"), Kind.UNAVAILABLE),
                arguments(new SSLHandshakeException("untrusted"), Kind.UNAVAILABLE),
                arguments(new VertxException("Connection was closed"), Kind.UNAVAILABLE),
                arguments(new RuntimeException(new IOException("reset")), Kind.UNAVAILABLE),
                arguments(new TimeoutException("late"), Kind.TIMEOUT),
                arguments(new io.smallrye.mutiny.TimeoutException(), Kind.TIMEOUT),
                arguments(new JsonParseException(null, "no JSON"), Kind.FAILED),
                arguments(new RuntimeException(new JsonParseException(null, "no JSON")), Kind.FAILED),
                arguments(new ProcessingException("no body"), Kind.FAILED),
                arguments(new DateTimeParseException("no date", "soon", 0), Kind.FAILED));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aFailureWithoutAnAnswerIsClassified(Throwable failure, Kind kind) {
        DaytonaException e = (DaytonaException) errors.failure(failure);

        assertThat(e.kind()).isEqualTo(kind);
        assertThat(e.status()).isZero();
    }

    @Test
    void aMistakeOfOursIsNotBlamedOnDaytona() {
        RuntimeException mistake = new NullPointerException("ours");

        assertThat(errors.failure(mistake)).isSameAs(mistake);
    }

    @ParameterizedTest
    @CsvSource({"400, false", "401, false", "403, false", "410, false", "409, true", "500, true", "503, true"})
    void whatWouldBeAnsweredAlikeIsNotToBeSentAgain(int status, boolean retryable) {
        assertThat(errors.answer(Origin.CONTROL_PLANE, status, Map.of(), "").isRetryable())
                .isEqualTo(retryable);
    }

    @Test
    void aBodyOfTagsThatNeverEndIsShort() {
        String body = "<".repeat(1 << 20) + "b>";

        assertThat(errors.answer(Origin.TOOLBOX, 500, Map.of(), body).upstreamMessage())
                .hasSize(500);
    }

    @Test
    void whatIsClassifiedAlreadyStaysAsItIs() {
        DaytonaException known = errors.answer(Origin.TOOLBOX, 409, Map.of(), "");

        assertThat(errors.failure(known)).isSameAs(known);
    }
}
