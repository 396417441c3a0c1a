package dev.omni.daytona.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A client of a local Daytona that knows nothing but HTTP. */
final class Wired {
    static final String SDK = "0.190.1";
    private static final HttpClient HTTP =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

    final LocalDaytona daytona;

    Wired(LocalDaytona daytona) {
        this.daytona = daytona;
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri(path))
                .timeout(Duration.ofSeconds(60))
                .header("Authorization", "Bearer " + daytona.apiKey())
                .header("X-Daytona-SDK-Version", SDK);
    }

    URI uri(String path) {
        return URI.create(daytona.apiUrl().toString().replaceFirst("/api$", "") + path);
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }

    HttpResponse<byte[]> sendForBytes(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HTTP.send(request.build(), BodyHandlers.ofByteArray());
    }

    CompletableFuture<HttpResponse<String>> sendAsync(HttpRequest.Builder request) {
        return HTTP.sendAsync(request.build(), BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    HttpResponse<String> delete(String path) throws IOException, InterruptedException {
        return send(request(path).DELETE());
    }

    HttpResponse<String> post(String path) throws IOException, InterruptedException {
        return send(request(path)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(BodyPublishers.noBody()));
    }

    HttpResponse<String> post(String path, JsonObject body) throws IOException, InterruptedException {
        return send(request(path).header("Content-Type", "application/json").POST(json(body)));
    }

    static BodyPublisher json(JsonObject body) {
        return BodyPublishers.ofString(body.encode());
    }

    static JsonObject object(HttpResponse<String> response) {
        return new JsonObject(response.body());
    }

    static JsonArray array(HttpResponse<String> response) {
        return new JsonArray(response.body());
    }

    /** A new sandbox, started. */
    Box started() throws IOException, InterruptedException {
        return started(new JsonObject());
    }

    Box started(JsonObject request) throws IOException, InterruptedException {
        HttpResponse<String> created = post("/api/sandbox", request);
        assertThat(created.statusCode()).as(created.body()).isEqualTo(200);
        String id = object(created).getString("id");
        awaitState(id, "started");
        return new Box(this, id);
    }

    void awaitState(String id, String state) {
        await("sandbox is " + state)
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> object(get("/api/sandbox/" + id)).getString("state"), state::equals);
    }

    void awaitGone(String id) {
        await("sandbox is gone")
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> get("/api/sandbox/" + id).statusCode(), Integer.valueOf(404)::equals);
    }

    /** A started sandbox and the calls of its toolbox. */
    record Box(Wired wired, String id) {
        String toolbox(String path) {
            return "/toolbox/" + id + path;
        }

        JsonObject execute(String command) throws IOException, InterruptedException {
            return execute(new JsonObject().put("command", command));
        }

        JsonObject execute(JsonObject request) throws IOException, InterruptedException {
            HttpResponse<String> response = wired.post(toolbox("/process/execute"), request);
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            return object(response);
        }

        String session(String name) throws IOException, InterruptedException {
            HttpResponse<String> response =
                    wired.post(toolbox("/process/session"), new JsonObject().put("sessionId", name));
            assertThat(response.statusCode()).as(response.body()).isEqualTo(201);
            return name;
        }

        /** Starts a command in a session without waiting; returns its path. */
        String exec(String session, String command) throws IOException, InterruptedException {
            HttpResponse<String> response = wired.post(
                    toolbox("/process/session/" + session + "/exec"),
                    new JsonObject().put("command", command).put("runAsync", true));
            assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
            return toolbox("/process/session/" + session + "/command/"
                    + object(response).getString("cmdId"));
        }

        JsonObject execSync(String session, String command) throws IOException, InterruptedException {
            HttpResponse<String> response = wired.post(
                    toolbox("/process/session/" + session + "/exec"), new JsonObject().put("command", command));
            assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
            return object(response);
        }

        int awaitExit(String command) {
            return await("command has ended")
                    .atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> object(wired.get(command)).getInteger("exitCode"), code -> code != null);
        }

        Socket follow(String command) {
            return wired.open(command + "/logs?follow=true", "X-Daytona-SDK-Version", SDK);
        }
    }

    /** Opens a WebSocket with our key and further headers. */
    Socket open(String path, String... headers) {
        Socket socket = new Socket();
        WebSocket.Builder builder = HTTP.newWebSocketBuilder()
                .connectTimeout(Duration.ofSeconds(5))
                .header("Authorization", "Bearer " + daytona.apiKey());
        for (int i = 0; i < headers.length; i += 2) {
            if (headers[i].equals("Sec-WebSocket-Protocol")) {
                builder.subprotocols(headers[i + 1]);
            } else {
                builder.header(headers[i], headers[i + 1]);
            }
        }
        URI uri = URI.create(uri(path).toString().replaceFirst("^http", "ws"));
        socket.webSocket = builder.buildAsync(uri, socket).join();
        return socket;
    }

    /** The same, but whoever opens it reads one frame and no more. */
    WebSocket openSlow(String path, Socket socket) {
        socket.greedy = false;
        URI uri = URI.create(uri(path).toString().replaceFirst("^http", "ws"));
        return HTTP.newWebSocketBuilder()
                .header("Authorization", "Bearer " + daytona.apiKey())
                .buildAsync(uri, socket)
                .join();
    }

    /** Everything that came over a WebSocket. */
    static final class Socket implements WebSocket.Listener {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final List<Integer> frameSizes = new CopyOnWriteArrayList<>();
        final List<String> texts = new CopyOnWriteArrayList<>();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();
        volatile String closeReason = "";
        boolean greedy = true;
        private @Nullable WebSocket webSocket;

        WebSocket webSocket() {
            return Objects.requireNonNull(webSocket);
        }

        synchronized byte[] bytes() {
            return bytes.toByteArray();
        }

        String text() {
            return new String(bytes(), StandardCharsets.UTF_8);
        }

        /** The close code; 1006 when the connection was cut. */
        int awaitClose() throws InterruptedException, TimeoutException, ExecutionException {
            return closed.get(30, TimeUnit.SECONDS);
        }

        void awaitText(String part) {
            await("received " + part)
                    .atMost(Duration.ofSeconds(20))
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> text().contains(part));
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            byte[] copy = new byte[data.remaining()];
            data.get(copy);
            synchronized (this) {
                bytes.writeBytes(copy);
            }
            frameSizes.add(copy.length);
            if (greedy) {
                socket.request(1);
            }
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            texts.add(data.toString());
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int statusCode, String reason) {
            closeReason = reason;
            closed.complete(statusCode);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            closed.complete(1006);
        }
    }
}
