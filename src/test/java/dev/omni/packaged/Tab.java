package dev.omni.packaged;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One of a user's open pages: all that it was sent. */
final class Tab implements WebSocket.Listener, AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final JsonMapper JSON = new JsonMapper();

    private final List<JsonNode> messages = new CopyOnWriteArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private @Nullable WebSocket socket;

    private Tab() {}

    /** Returns when it is open on the other side too. */
    static Tab open(PackagedApplication replica, String token) {
        Tab tab = new Tab();
        tab.socket = HTTP.newWebSocketBuilder()
                .header("Authorization", "Bearer " + token)
                .connectTimeout(PATIENCE)
                .buildAsync(URI.create(replica.url("/ws").replaceFirst("http", "ws")), tab)
                .join();
        await().atMost(PATIENCE).until(() -> !tab.messages.isEmpty());
        return tab;
    }

    void send(Map<String, String> message) throws JsonProcessingException {
        if (socket == null) {
            throw new IllegalStateException("not open");
        }
        socket.sendText(JSON.writeValueAsString(message), true).join();
    }

    List<JsonNode> of(String type) {
        return messages.stream()
                .filter(message -> message.path("type").asText().equals(type))
                .toList();
    }

    /** The jobs that it was sent anything of. */
    Set<String> jobs() {
        return messages.stream()
                .filter(message -> message.has("jobId"))
                .map(message -> message.path("jobId").asText())
                .collect(Collectors.toSet());
    }

    /** All that it was sent of a job's output, as often as it was. */
    String output(String job) {
        return of("log").stream()
                .filter(message -> message.path("jobId").asText().equals(job))
                .map(message -> message.path("data").asText())
                .collect(Collectors.joining());
    }

    long ends(String job) {
        return of("done").stream()
                .filter(message -> message.path("jobId").asText().equals(job))
                .count();
    }

    void awaitEnd(String job) {
        await().atMost(PATIENCE).alias("the end of " + job).until(() -> ends(job) > 0);
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.abort();
        }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            try {
                messages.add(JSON.readTree(text.toString()));
            } catch (JsonProcessingException e) {
                throw new AssertionError(e);
            }
            text.setLength(0);
        }
        webSocket.request(1);
        return null;
    }
}
