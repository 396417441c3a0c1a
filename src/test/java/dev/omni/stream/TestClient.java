package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client of {@code /ws} as a browser or script would be one. */
public final class TestClient implements WebSocket.Listener, AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final JsonMapper JSON = new JsonMapper();

    private static final Set<String> NEWS = Set.of("heartbeat", "sandbox");

    private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final StringBuilder text = new StringBuilder();
    private final boolean reads;
    private @Nullable WebSocket socket;

    private TestClient(boolean reads) {
        this.reads = reads;
    }

    public static TestClient connect(URI base, String token) {
        TestClient client = new TestClient(true);
        client.socket = client.open(base, HTTP.newWebSocketBuilder().header("Authorization", "Bearer " + token));
        return client;
    }

    /** A client that takes nothing off the wire. */
    public static TestClient connectDeaf(URI base, String token) {
        TestClient client = new TestClient(false);
        client.socket = client.open(base, HTTP.newWebSocketBuilder().header("Authorization", "Bearer " + token));
        return client;
    }

    static TestClient connectWithSubprotocols(URI base, String first, String... more) {
        TestClient client = new TestClient(true);
        client.socket = client.open(base, HTTP.newWebSocketBuilder().subprotocols(first, more));
        return client;
    }

    /** The status that a handshake without subprotocols is refused with. */
    public static int refusal(URI base, Map<String, String> headers) {
        WebSocket.Builder builder = HTTP.newWebSocketBuilder();
        headers.forEach(builder::header);
        return refusal(base, builder);
    }

    static int refusalOfSubprotocols(URI base, String first, String... more) {
        return refusal(base, HTTP.newWebSocketBuilder().subprotocols(first, more));
    }

    private static int refusal(URI base, WebSocket.Builder builder) {
        try (TestClient client = new TestClient(true)) {
            client.socket = client.open(base, builder);
            throw new AssertionError("the handshake was not refused");
        } catch (CompletionException e) {
            assertThat(e).hasCauseInstanceOf(WebSocketHandshakeException.class);
            return e.getCause() instanceof WebSocketHandshakeException refused
                    ? refused.getResponse().statusCode()
                    : -1;
        }
    }

    private WebSocket open(URI base, WebSocket.Builder builder) {
        return builder.connectTimeout(PATIENCE)
                .buildAsync(URI.create("ws://" + base.getAuthority() + "/ws"), this)
                .join();
    }

    String subprotocol() {
        return socket().getSubprotocol();
    }

    public void send(String message) {
        sendFragment(message, true);
    }

    /** Sends part of a message. A server that has closed meanwhile is no failure: tests look at {@link #closeCode}. */
    void sendFragment(String part, boolean last) {
        socket().sendText(part, last).exceptionally(gone -> socket()).join();
    }

    void sendBinary(byte[] bytes) {
        socket().sendBinary(ByteBuffer.wrap(bytes), true).join();
    }

    /** The next message, of whatever type. */
    public JsonNode next() {
        try {
            JsonNode message = messages.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            if (message == null) {
                throw new AssertionError("no message came");
            }
            return message;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** The next message about a job or in answer to one of ours: no heartbeat, and no news of a sandbox. */
    public JsonNode nextOfJobs() {
        JsonNode message = next();
        while (NEWS.contains(message.path("type").asText())) {
            message = next();
        }
        return message;
    }

    /** The status in the next news of a sandbox. */
    String nextSandboxStatus() {
        JsonNode message = next();
        while (!message.path("type").asText().equals("sandbox")) {
            message = next();
        }
        return message.path("status").asText();
    }

    String nextType() {
        return next().path("type").asText();
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    /** The code that the server closed with. */
    public int closeCode() {
        return closed.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }

    public boolean isOpen() {
        return !closed.isDone();
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.abort();
        }
    }

    private WebSocket socket() {
        if (socket == null) {
            throw new IllegalStateException("not connected");
        }
        return socket;
    }

    @Override
    public void onOpen(WebSocket webSocket) {
        if (reads) {
            webSocket.request(1);
        }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            messages.add(json(text.toString()));
            text.setLength(0);
        }
        webSocket.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
        closed.complete(statusCode);
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        closed.complete(1006);
    }
}
