package dev.omni.edge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.RawHttp;
import dev.omni.TestUsers;
import io.quarkus.test.junit.QuarkusTest;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What no HTTP library would send is answered as everything else is, and its connection ends. */
@QuarkusTest
class RawRequestsTest {
    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.1 \\d{3} ");

    private static final String HEAD = "GET /test-probe/open HTTP/1.1\r\nHost: x\r\n";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GARBAGE\r\n\r\n",
                "GET\r\n\r\n",
                "GET /\r\n\r\n",
                "GET / HTTP/1.1 HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET / HTTP/1.2\r\nHost: x\r\n\r\n",
                "GET / HTTP/3.0\r\nHost: x\r\n\r\n",
                "GET / FTP/1.1\r\nHost: x\r\n\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "GE(T / HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /% HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /a?b=%4 HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /%\uFF11\uFF11 HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\nX A: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: one\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 2\r\n\r\nab",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            })
    void whatIsNoHttpIsABadRequest(String request) {
        assertRefused(RawHttp.exchange(request), 400, "malformed_request");
    }

    @Test
    void anAddressThatIsTooLongIsA414() {
        assertRefused(
                RawHttp.exchange("GET /" + "a".repeat(4_096) + " HTTP/1.1\r\nHost: x\r\n\r\n"), 414, "uri_too_long");
        assertRefused(
                RawHttp.exchange("GET /?a=" + "a".repeat(100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n"),
                414,
                "uri_too_long");
    }

    @Test
    void headersThatAreTooLargeAreA431() {
        assertRefused(RawHttp.exchange(HEAD + "X-A: " + "a".repeat(20_000) + "\r\n\r\n"), 431, "headers_too_large");
        assertRefused(RawHttp.exchange(HEAD + "X-A: aaaaaaaaaa\r\n".repeat(2_000) + "\r\n"), 431, "headers_too_large");
    }

    /** Only one end of the first request is believed; what somebody else takes for its end begins no second. */
    @ParameterizedTest
    @MethodSource("smuggled")
    void aRequestWithTwoEndsIsRefusedAndNothingAfterItIsRead(String framing) {
        String answer = RawHttp.exchange("POST /test-probe/open HTTP/1.1\r\nHost: x\r\n" + framing
                + "GET /test-probe/open HTTP/1.1\r\nHost: smuggled\r\nConnection: close\r\n\r\n");

        assertRefused(answer, 400, "malformed_request");
        assertThat(STATUS_LINE.matcher(answer).results()).hasSize(1);
    }

    static Stream<String> smuggled() {
        return Stream.of(
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
                "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
                "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
                "Transfer-Encoding:\u000bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ZZ\r\n{}\r\n0\r\n\r\n",
                "-1\r\n{}\r\n0\r\n\r\n",
                "FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
                "2\r\n{}XX0\r\n\r\n",
                "2\n{}\n0\n\n"
            })
    void aBrokenChunkEndsTheConnectionWithoutAnAccident(String body) {
        String answer = RawHttp.exchange("POST /test-probe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\nConnection: close\r\nAuthorization: Bearer "
                + TestUsers.token("alice") + "\r\n\r\n" + body);

        assertThat(answer).doesNotContain("HTTP/1.1 2", "HTTP/1.1 5").doesNotContainIgnoringCase("exception");
    }

    @Test
    void bytesOfAnotherProtocolAreRefused() {
        assertThat(RawHttp.exchange("\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u007f\u0003\u0003\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /test-probe/open HTTP/1.0\r\nHost: x\r\n\r\n",
                "GET http://x/test-probe/open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                "\r\nGET /test-probe/open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                "GET /test-probe/open HTTP/1.1\r\nhOsT: x\r\nConnection: close\r\n\r\n",
                "GET /test-probe/%6fpen HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            })
    void whatIsOnlyUnusualIsAnswered(String request) {
        assertThat(RawHttp.exchange(request))
                .startsWith("HTTP/1.")
                .contains(" 200 ")
                .endsWith("\"ok\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../../etc/passwd",
                "/api/v1/../../../etc/passwd",
                "/%2e%2e/%2e%2e/etc/passwd",
                "/%2e%2e%2fetc%2fpasswd",
                "/..;/q/health",
                "/client/..%5c..%5capplication.properties",
                "/client/%00omni.js",
                "//etc/passwd",
                "/%ff%fe",
                "/%c0%ae%c0%ae/etc/passwd"
            })
    void noPathLeadsOutsideWhatIsServed(String path) {
        String answer = RawHttp.exchange("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        assertThat(answer)
                .matches("(?s)HTTP/1\\.1 (400|404) .*")
                .contains("application/problem+json")
                .doesNotContainIgnoringCase("exception");
    }

    @Test
    void requestsThatComeTogetherAreAnsweredInTurn() {
        String answers = RawHttp.exchange((HEAD + "\r\n").repeat(9) + HEAD + "Connection: close\r\n\r\n");

        assertThat(STATUS_LINE.matcher(answers).results()).hasSize(10);
    }

    @Test
    void whoSendsRequestsFasterThanTheyAreAnsweredIsCut() {
        String slow = "GET /test-probe/a/wander?steps=20 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + TestUsers.token("alice") + "\r\n\r\n";

        String answers = RawHttp.exchange(slow.repeat(200));

        assertThat(STATUS_LINE.matcher(answers).results()).hasSizeLessThan(33);
    }

    private static void assertRefused(String answer, int status, String code) {
        assertThat(answer)
                .startsWith("HTTP/1.1 " + status + " ")
                .contains("\"code\":\"" + code + "\"", "\"status\":" + status, "\"retryable\":false")
                .containsIgnoringCase("content-type: application/problem+json")
                .containsIgnoringCase("connection: close")
                .containsIgnoringCase("x-request-id: ")
                .containsIgnoringCase("x-content-type-options: nosniff")
                .containsIgnoringCase("x-frame-options: DENY")
                .containsIgnoringCase("cache-control: no-store")
                .doesNotContainIgnoringCase("exception")
                .doesNotContainIgnoringCase("netty")
                .doesNotContainIgnoringCase("vert.x")
                .doesNotContainIgnoringCase("quarkus");
    }
}
