package dev.omni.bench;

import dev.omni.daytona.local.LocalDaytona;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.http.WebSocketFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Many clients of one server. They get frames as they come off the wire, for anything more would be the driver's own cost. */
final class Sockets implements AutoCloseable {
    /** Handshakes under way at once: a server's accept queue is finite. */
    private static final int AT_ONCE = 50;

    /**
     * Of a client that will stop reading. What is in the kernel's buffers costs the server's process nothing, so they are
     * kept from swallowing all that is sent.
     */
    private static final int SMALL_BUFFER = 16 * 1024;

    private final WebSocketClient client;
    private final Loops loops;
    private final List<WebSocket> open = new ArrayList<>();

    private Sockets(Stack stack, int count, boolean smallBuffers) {
        WebSocketClientOptions options =
                new WebSocketClientOptions().setMaxConnections(count).setMaxFrameSize(1 << 20);
        loops = stack.loops();
        client = stack.vertx()
                .createWebSocketClient(smallBuffers ? options.setReceiveBufferSize(SMALL_BUFFER) : options);
    }

    /** @param frames what each does with what it gets */
    static Sockets open(
            Stack stack, String url, IntFunction<String> tokens, List<? extends Handler<WebSocketFrame>> frames) {
        var sockets = new Sockets(stack, frames.size(), false);
        sockets.connect(url, tokens, frames);
        return sockets;
    }

    static Sockets openWithSmallBuffers(
            Stack stack, String url, IntFunction<String> tokens, List<? extends Handler<WebSocketFrame>> frames) {
        var sockets = new Sockets(stack, frames.size(), true);
        sockets.connect(url, tokens, frames);
        return sockets;
    }

    private void connect(String url, IntFunction<String> tokens, List<? extends Handler<WebSocketFrame>> frames) {
        for (int from = 0; from < frames.size(); from += AT_ONCE) {
            List<Future<WebSocket>> batch = IntStream.range(from, Math.min(frames.size(), from + AT_ONCE))
                    .mapToObj(i -> loops.on(i, () -> connect(url, tokens.apply(i), frames.get(i))))
                    .toList();
            Http.await(Future.all(batch));
            batch.forEach(socket -> open.add(socket.result()));
        }
    }

    private Future<WebSocket> connect(String url, String token, Handler<WebSocketFrame> frames) {
        return client.webSocket()
                .frameHandler(frames)
                .connect(new WebSocketConnectOptions()
                        .setAbsoluteURI(url)
                        .setAllowOriginHeader(false)
                        .addHeader("X-Daytona-SDK-Version", LocalDaytona.VERSION)
                        .addHeader("Authorization", "Bearer " + token));
    }

    void pause() {
        open.forEach(WebSocket::pause);
    }

    void resume() {
        open.forEach(WebSocket::resume);
    }

    @Override
    public void close() {
        Http.await(Future.join(open.stream().map(WebSocket::close).toList()).otherwiseEmpty());
        Http.await(client.close());
    }
}
