package dev.omni.identity;

import static dev.omni.TestUsers.shortLivedToken;
import static dev.omni.TestUsers.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.omni.RawHttp;
import io.quarkus.test.junit.QuarkusTest;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A socket belongs to the user of the token it was opened with, for as long as the token lasts. */
@QuarkusTest
class SocketTokensTest {
    private static final int PATIENCE_SECONDS = 15;

    /** Keeps the first message and the close code. */
    private static final class Seen implements WebSocket.Listener {
        final CompletableFuture<String> message = new CompletableFuture<>();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            message.complete(text.toString());
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            closed.complete(code);
            return null;
        }
    }

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void aTokenInTheHeaderOpensIt() throws Exception {
        Seen seen = new Seen();
        WebSocket socket = client.newWebSocketBuilder()
                .header("Authorization", "Bearer " + token("alice"))
                .buildAsync(ws(), seen)
                .join();
        assertThat(seen.message.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("alice");
        socket.abort();
    }

    @Test
    void aTokenInTheSubprotocolOpensItAsBrowsersDo() throws Exception {
        Seen seen = new Seen();
        String carried = URLEncoder.encode(
                        "quarkus-http-upgrade#Authorization#Bearer " + token("bob"), StandardCharsets.UTF_8)
                .replace("+", "%20");
        WebSocket socket = client.newWebSocketBuilder()
                .subprotocols("bearer-token-carrier", carried)
                .buildAsync(ws(), seen)
                .join();
        assertThat(seen.message.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("bob");
        assertThat(socket.getSubprotocol()).isEqualTo("bearer-token-carrier");
        socket.abort();
    }

    @Test
    void withoutAGoodTokenThereIsNoUpgrade() {
        assertThatThrownBy(() -> client.newWebSocketBuilder()
                        .buildAsync(ws(), new Seen())
                        .join())
                .satisfies(refusal -> assertRefused(refusal));
        assertThatThrownBy(() -> client.newWebSocketBuilder()
                        .header("Authorization", "Bearer a.b.c")
                        .buildAsync(ws(), new Seen())
                        .join())
                .satisfies(refusal -> assertRefused(refusal));
    }

    @Test
    void itIsClosedWhenItsTokenExpires() throws Exception {
        Seen seen = new Seen();
        client.newWebSocketBuilder()
                .header("Authorization", "Bearer " + shortLivedToken("alice", 2))
                .buildAsync(ws(), seen)
                .join();
        assertThat(seen.message.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("alice");
        assertThat(seen.closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(1008);
    }

    private static void assertRefused(Throwable refusal) {
        assertThat(refusal).isInstanceOf(CompletionException.class);
        assertThat(refusal.getCause()).isInstanceOfSatisfying(WebSocketHandshakeException.class, refused -> {
            assertThat(refused.getResponse().statusCode()).isEqualTo(401);
            assertThat(refused.getResponse().headers().firstValue("X-Request-Id"))
                    .isPresent();
        });
    }

    private URI ws() {
        return URI.create("ws://127.0.0.1:" + RawHttp.port() + "/test-socket");
    }
}
