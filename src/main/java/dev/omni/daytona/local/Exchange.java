package dev.omni.daytona.local;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A request being handled, and the fault it met. */
record Exchange(
        RoutingContext routing, Context context, @Nullable Fault fault) {
    private static final int DROP_DELAY_MILLIS = 50;

    HttpServerRequest request() {
        return routing.request();
    }

    String path(String name) {
        return Objects.requireNonNull(routing.pathParam(name), name);
    }

    @Nullable
    String query(String name) {
        List<String> values = routing.queryParam(name);
        return values.isEmpty() ? null : values.getFirst();
    }

    String query(String name, String absent) {
        String value = query(name);
        return value == null ? absent : value;
    }

    /** All values of a parameter, written {@code name=a&name=b} or {@code name[]=a}. */
    List<String> queries(String name) {
        List<String> values = routing.queryParam(name);
        return values.isEmpty() ? routing.queryParam(name + "[]") : values;
    }

    @Nullable
    String header(String name) {
        return request().getHeader(name);
    }

    boolean isWebSocket() {
        return "websocket".equals(header("Upgrade"));
    }

    /** The body; an absent one is an empty object. */
    JsonObject json(Refusal malformed) {
        Buffer body = routing.body().buffer();
        if (body == null || body.length() == 0) {
            return new JsonObject();
        }
        try {
            return new JsonObject(body);
        } catch (DecodeException e) {
            throw malformed;
        }
    }

    /** Ends the connection without a word: neither an answer nor a WebSocket close frame. What was sent arrives. */
    void drop() {
        // The JDK's WebSocket client overlooks an end that comes together with the last bytes.
        context.owner().setTimer(DROP_DELAY_MILLIS, timer -> hangUp());
    }

    /** The same with a reset, which can overtake what was sent. */
    void reset() {
        try {
            channel().config().setOption(ChannelOption.SO_LINGER, 0);
            hangUp();
        } catch (ChannelException e) {
            // The client was faster.
        }
    }

    private void hangUp() {
        // Closed from the far end of the pipeline: Vert.x's handler in it would say goodbye first.
        ChannelHandlerContext farEnd = channel().pipeline().firstContext();
        if (farEnd != null) {
            ChannelFuture unused = farEnd.close();
        }
    }

    private Channel channel() {
        return ((ConnectionBase) request().connection()).channel();
    }
}
