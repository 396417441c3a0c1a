package dev.omni.stream;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.quarkus.websockets.next.CloseReason;
import io.quarkus.websockets.next.WebSocketConnection;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket and the HTTP connection under it. Two things the WebSocket itself cannot do are done below it: cutting it (its
 * close waits behind unread data), and writing bytes that many connections share, several frames to one system call, at the
 * cost of a frame and no more.
 */
final class WebSocketWire implements Wire {
    private final WebSocketConnection socket;
    private final HttpConnection http;
    private final Channel channel;

    /** @throws IllegalArgumentException for a connection that is none of Vert.x' own */
    WebSocketWire(WebSocketConnection socket, HttpConnection http) {
        if (!(http instanceof ConnectionBase connection)) {
            throw new IllegalArgumentException("not a connection of Vert.x: " + http);
        }
        this.socket = socket;
        this.http = http;
        this.channel = connection.channel();
    }

    @Override
    public void write(byte[] text, Consumer<@Nullable Throwable> drained) {
        var unused = channel.write(new TextWebSocketFrame(Unpooled.wrappedBuffer(text)))
                .addListener(written -> drained.accept(written.cause()));
    }

    @Override
    public void flush() {
        channel.flush();
    }

    @Override
    public Uni<Void> ping() {
        return socket.sendPing(Buffer.buffer());
    }

    @Override
    public Uni<Void> close(CloseCode code) {
        return socket.isClosed()
                ? Uni.createFrom().voidItem()
                : socket.close(new CloseReason(code.code(), code.reason()));
    }

    @Override
    public void cut() {
        Sockets.cut(http);
    }
}
