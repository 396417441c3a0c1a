package dev.omni.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.RawHttp;
import dev.omni.TestUsers;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Nobody holds a connection by sending a request forever, and nobody who is only waiting is cut. */
@QuarkusTest
@TestProfile(SlowClientsTest.Impatient.class)
class SlowClientsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    public static class Impatient implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "omni.http.head-timeout", "600ms",
                    "omni.http.body-timeout", "600ms",
                    "omni.http.body-minimum-rate", "1K",
                    "omni.stream.heartbeat-interval", "1s");
        }
    }

    @TestHTTPResource("/ws")
    URI stream;

    private String token;

    @BeforeEach
    void aToken() {
        // Before there is a connection that would be silent meanwhile.
        token = TestUsers.token("alice");
    }

    @Test
    void aConnectionThatNeverSendsARequestIsClosedWithoutAWord() {
        assertThat(RawHttp.exchange("")).isEmpty();
    }

    @Test
    void aHeadThatStopsHalfwayIsNotWaitedFor() {
        assertTimedOut(RawHttp.exchange("GET /test-probe/open HTTP/1.1\r\nHos"));
    }

    @Test
    void aHeadThatComesByteByByteIsNotWaitedFor() throws IOException {
        try (Drip client = new Drip()) {
            client.send("GET /test-probe/open HTTP/1.1\r\nHost: x\r\nX-Slow: ");

            assertTimedOut(client.dripUntilTheEnd());
        }
    }

    @Test
    void soIsALaterHeadOfTheSameConnection() throws IOException {
        try (Drip client = new Drip()) {
            client.send("GET /test-probe/open HTTP/1.1\r\nHost: x\r\n\r\n");
            await().atMost(PATIENCE).until(() -> client.received().endsWith("\"ok\""));
            client.send("GET /test-probe/open HTTP/1.1\r\nHost: x\r\nX-Slow: ");

            assertThat(client.dripUntilTheEnd()).startsWith("HTTP/1.1 200 ").contains("HTTP/1.1 408 ");
        }
    }

    @Test
    void aBodyThatStopsHalfwayIsNotWaitedFor() {
        assertTimedOut(RawHttp.exchange(post("Content-Length: 1000\r\n") + "{\"name\":"));
    }

    @Test
    void aBodyThatComesByteByByteIsNotWaitedFor() throws IOException {
        for (String framing : new String[] {"Content-Length: 1000\r\n", "Transfer-Encoding: chunked\r\n"}) {
            try (Drip client = new Drip()) {
                client.send(post(framing));
                client.send(framing.startsWith("T") ? "3e8\r\n{" : "{");

                assertTimedOut(client.dripUntilTheEnd());
            }
        }
    }

    @Test
    void theRestOfABodyThatIsRefusedIsNotWaitedForEither() throws IOException {
        try (Drip client = new Drip()) {
            client.send("POST /test-probe HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");

            assertThat(client.dripUntilTheEnd()).startsWith("HTTP/1.1 401 ").doesNotContain("408");
        }
    }

    @Test
    void aBodyThatKeepsComingIsReadHoweverLongItTakes() throws IOException {
        try (Drip client = new Drip()) {
            client.send(post("Content-Length: 16000\r\n"));
            // Ten times the body's time at the rate that is asked for.
            for (int i = 0; i < 16; i++) {
                client.send(" ".repeat(1_000));
                await().pollDelay(Duration.ofMillis(100)).until(() -> true);
            }
            await().atMost(PATIENCE).until(() -> client.received().contains("\"violations\""));

            assertThat(client.received()).startsWith("HTTP/1.1 400 ").contains("validation_failed");
        }
    }

    @Test
    void whoWaitsForAnAnswerMayWaitLonger() {
        String answer =
                RawHttp.exchange("GET /test-probe/a/wander?steps=200 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        + "Authorization: Bearer " + token + "\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 200 ").contains("\"a\"");
    }

    @Test
    void aWebSocketMayBeSilent() throws Exception {
        CountDownLatch heartbeats = new CountDownLatch(3);
        WebSocket socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .header("Authorization", "Bearer " + token)
                .buildAsync(URI.create("ws://localhost:" + stream.getPort() + "/ws"), new WebSocket.Listener() {
                    @Override
                    public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
                        heartbeats.countDown();
                        webSocket.request(1);
                        return null;
                    }
                })
                .get();

        await().atMost(PATIENCE).until(() -> heartbeats.getCount() == 0);
        assertThat(socket.isInputClosed()).isFalse();
        socket.abort();
    }

    private String post(String framing) {
        return "POST /test-probe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + framing
                + "Authorization: Bearer " + token + "\r\n\r\n";
    }

    private static void assertTimedOut(String answer) {
        assertThat(answer)
                .startsWith("HTTP/1.1 408 ")
                .contains("\"code\":\"request_timeout\"", "\"retryable\":true")
                .containsIgnoringCase("connection: close")
                .containsIgnoringCase("x-content-type-options: nosniff");
    }

    /** A client that sends as little as it can get away with. */
    private static final class Drip implements AutoCloseable {
        private final Socket socket = new Socket(InetAddress.getLoopbackAddress(), RawHttp.port());
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private boolean ended;

        Drip() throws IOException {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(10_000);
        }

        void send(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        }

        String received() {
            try {
                while (!ended && socket.getInputStream().available() > 0) {
                    received.write(socket.getInputStream().read());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return received.toString(StandardCharsets.UTF_8);
        }

        /** Sends a byte now and then until the server would have no more of it; returns all that was answered. */
        String dripUntilTheEnd() {
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(() -> {
                try {
                    send("a");
                    return false;
                } catch (SocketException closed) {
                    return true;
                } finally {
                    received();
                }
            });
            return received();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
