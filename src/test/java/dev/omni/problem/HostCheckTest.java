package dev.omni.problem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.RawHttp;
import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
class HostCheckTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "Host: \r\n", "Host: a b\r\n", "Host: example.com:99999\r\n", "Host: [::1\r\n"})
    void aRequestForNoHostIsRefusedAsAProblem(String host) {
        String answer = RawHttp.exchange("GET /api/v1/sandboxes HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n");
        assertThat(answer)
                .startsWith("HTTP/1.1 400")
                .contains("application/problem+json", "\"field\":\"Host\"")
                .containsIgnoringCase("X-Request-Id: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"example.com", "example.com:8080", "[::1]:8080", "127.0.0.1"})
    void aRequestForAHostGoesOn(String host) {
        String answer =
                RawHttp.exchange("GET /api/v1/sandboxes HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 401");
    }
}
