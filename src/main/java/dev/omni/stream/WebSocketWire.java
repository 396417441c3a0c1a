package dev.omni.stream;

import io.quarkus.websockets.next.CloseReason;
import io.quarkus.websockets.next.WebSocketConnection;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;

/** A WebSocket and, because its own close waits behind unread data, the HTTP connection under it. */
record WebSocketWire(WebSocketConnection socket, HttpConnection http) implements Wire {
    @Override
    public Uni<Void> send(String text) {
        return socket.sendText(text);
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
