package dev.omni.daytona.local;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import java.io.IOException;
import java.util.Map;

/** The answer to a request. */
sealed interface Reply {
    /**
     * A JSON body.
     *
     * @param value a {@code JsonObject} or {@code JsonArray}
     */
    record Json(int status, Object value) implements Reply {}

    record Empty(int status) implements Reply {}

    record Bytes(int status, String contentType, Buffer body) implements Reply {}

    /** A body written bit by bit, from the thread of the request's handler, as fast as the client reads it. */
    record Stream(int status, Map<String, String> headers, Body body) implements Reply {}

    /** A WebSocket, served from the thread of the request's handler. */
    record Upgrade(Conversation conversation) implements Reply {}

    static Reply ok(Object json) {
        return new Json(200, json);
    }

    /** Writes a streamed body; returning ends it. */
    @FunctionalInterface
    interface Body {
        void writeTo(ResponseStream out) throws IOException, InterruptedException;
    }

    /** Serves a WebSocket; returning leaves it as it is. */
    @FunctionalInterface
    interface Conversation {
        void over(ServerWebSocket socket) throws IOException, InterruptedException;
    }
}
