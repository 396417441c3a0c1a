package dev.omni.stream;

import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.impl.ConnectionBase;
import jakarta.inject.Singleton;

/** What the sockets of clients are given and denied beyond what Quarkus has settings for. */
@Singleton
class Sockets implements HttpServerOptionsCustomizer {
    private final StreamConfig config;

    Sockets(StreamConfig config) {
        this.config = config;
    }

    @Override
    public void customizeHttpServer(HttpServerOptions options) {
        customize(options);
    }

    @Override
    public void customizeHttpsServer(HttpServerOptions options) {
        customize(options);
    }

    private void customize(HttpServerOptions options) {
        // The kernel would give a socket whose peer reads slowly up to 4 MB, and say that there is room again by the
        // megabyte.
        options.setSendBufferSize(Math.toIntExact(config.sendBuffer().asLongValue()));
        // The older of two ways to compress, of which Quarkus turns off only the newer.
        options.setPerFrameWebSocketCompressionSupported(false);
    }

    /** Cuts a connection at once. Its own close() flushes first, so it never ends on a peer that has stopped reading. */
    static void cut(HttpConnection http) {
        if (http instanceof ConnectionBase connection) {
            var unused = connection.channelHandlerContext().close();
        }
    }
}
