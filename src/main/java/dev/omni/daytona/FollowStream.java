package dev.omni.daytona;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.streams.ReadStream;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A followed log: Daytona's frames until it closes with 1000. We send pings, since Daytona does not, and never data: that
 * can make Daytona lose the end of the stream.
 */
final class FollowStream implements UpstreamStream.Source {
    private static final short NORMAL = 1000;

    private final WebSocketClient client;
    private final WebSocketConnectOptions options;
    private @Nullable WebSocket socket;

    /** @param uri of scheme http or https */
    FollowStream(WebSocketClient client, URI uri, Map<String, String> headers, Duration handshake) {
        this.client = client;
        this.options = new WebSocketConnectOptions()
                .setAbsoluteURI(uri.toString().replaceFirst("^http", "ws"))
                // Whoever reads gives up first; this then closes the connection that has not become a stream.
                .setTimeout(handshake.plusSeconds(1).toMillis())
                .setAllowOriginHeader(false);
        headers.forEach((name, value) -> options.addHeader(name, value));
    }

    @Override
    public Future<? extends ReadStream<Buffer>> open(Runnable heard) {
        return client.connect(options).map(connected -> {
            socket = connected;
            connected.pause();
            if (!connected.isClosed()) {
                connected.pongHandler(pong -> heard.run());
            }
            return connected;
        });
    }

    @Override
    public void probe() {
        if (socket != null && !socket.isClosed()) {
            socket.writePing(Buffer.buffer());
        }
    }

    @Override
    public @Nullable Throwable failureAtEnd() {
        Short code = socket == null ? null : socket.closeStatusCode();
        return code != null && code == NORMAL ? null : new IOException("closed with " + code);
    }

    @Override
    public void close() {
        if (socket != null) {
            socket.close();
        }
    }
}
