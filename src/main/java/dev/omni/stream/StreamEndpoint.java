package dev.omni.stream;

import dev.omni.audit.Action;
import dev.omni.audit.AuditTrail;
import dev.omni.audit.Origin;
import dev.omni.job.Jobs;
import dev.omni.stream.StreamMeters.Via;
import io.quarkus.security.Authenticated;
import io.quarkus.websockets.next.CloseReason;
import io.quarkus.websockets.next.OnBinaryMessage;
import io.quarkus.websockets.next.OnClose;
import io.quarkus.websockets.next.OnError;
import io.quarkus.websockets.next.OnOpen;
import io.quarkus.websockets.next.OnPingMessage;
import io.quarkus.websockets.next.OnPongMessage;
import io.quarkus.websockets.next.OnTextMessage;
import io.quarkus.websockets.next.UserData;
import io.quarkus.websockets.next.WebSocket;
import io.quarkus.websockets.next.WebSocketConnection;
import io.smallrye.common.annotation.NonBlocking;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpConnection;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * The {@code /ws} endpoint. Its callbacks run on the connection's event loop and end at once, as nothing bounds what the
 * framework would queue behind one that does not.
 */
@WebSocket(path = "/ws", endpointId = StreamEndpoint.ID)
@Authenticated
class StreamEndpoint {
    static final String ID = "stream";
    static final UserData.TypedKey<Tokens.Verified> IDENTITY = new UserData.TypedKey<>("identity");
    static final UserData.TypedKey<Long> HANDSHAKE = UserData.TypedKey.forLong("handshake");
    static final UserData.TypedKey<Peer> PEER = new UserData.TypedKey<>("peer");
    static final UserData.TypedKey<String> ADDRESS = UserData.TypedKey.forString("address");
    static final UserData.TypedKey<HttpConnection> HTTP = new UserData.TypedKey<>("http");
    private static final UserData.TypedKey<Connection> CONNECTION = new UserData.TypedKey<>("connection");

    private static final Logger LOG = Logger.getLogger(StreamEndpoint.class);

    private final Vertx vertx;
    private final StreamConfig config;
    private final Jobs jobs;
    private final Frames frames;
    private final Tokens tokens;
    private final Slots slots;
    private final Connections connections;
    private final StreamMeters meters;
    private final AuditTrail trail;

    StreamEndpoint(
            Vertx vertx,
            StreamConfig config,
            Jobs jobs,
            Frames frames,
            Tokens tokens,
            Slots slots,
            Connections connections,
            StreamMeters meters,
            AuditTrail trail) {
        this.vertx = vertx;
        this.config = config;
        this.jobs = jobs;
        this.frames = frames;
        this.tokens = tokens;
        this.slots = slots;
        this.connections = connections;
        this.meters = meters;
        this.trail = trail;
    }

    @OnOpen
    @NonBlocking
    void opened(WebSocketConnection socket) {
        UserData data = socket.userData();
        var wire = new WebSocketWire(socket, data.get(HTTP));
        // The context of this callback becomes the connection's own, so what is in its log context stays with it.
        Tokens.Verified identity = data.get(IDENTITY);
        var deeds = new ConnectionTrail(trail::write, Origin.of(identity.caller(), data.get(ADDRESS), socket.id()));
        var connection = new Connection(
                vertx, vertx.getOrCreateContext(), config, jobs, frames, tokens, wire, meters, identity, deeds);
        data.put(CONNECTION, connection);
        meters.opened(Via.WS);
        describe(socket);
        if (slots.tryAcquire(data.get(PEER))) {
            deeds.connected();
            connections.add(connection, data.get(HANDSHAKE));
            connection.open();
            if (connections.isDraining()) {
                // The handshake was let through just before; who was told to go may not have included this one.
                connection.drain(Duration.ZERO);
            }
        } else {
            deeds.limited(Action.CONNECT);
            connection.close(CloseCode.LIMIT);
        }
    }

    @OnTextMessage
    @NonBlocking
    void received(String text, WebSocketConnection socket) {
        describe(socket).received(text);
    }

    @OnBinaryMessage
    @NonBlocking
    void received(Buffer bytes, WebSocketConnection socket) {
        describe(socket).receivedBinary();
    }

    @OnPingMessage
    @NonBlocking
    void ping(Buffer data, WebSocketConnection socket) {
        describe(socket).ping();
    }

    @OnPongMessage
    @NonBlocking
    void pong(Buffer data, WebSocketConnection socket) {
        describe(socket).pong();
    }

    @OnError
    @NonBlocking
    void failed(Throwable failure, WebSocketConnection socket) {
        Connection connection = describe(socket);
        if (failure instanceof HttpClosedException) {
            return;
        }
        // The decoder's refusal of a message over the maximum, which is the one thing that can fail out here.
        LOG.debug("the connection failed", failure);
        connection.close(CloseCode.TOO_LARGE);
    }

    @OnClose
    @NonBlocking
    void closed(CloseReason reason, WebSocketConnection socket) {
        Connection connection = describe(socket);
        connection.closed();
        meters.closedWebSocket(connection.closedWith().orElse(reason.getCode()));
        if (connections.remove(connection)) {
            slots.release(socket.userData().get(PEER));
        }
    }

    /** Says in the log context of this callback whose connection it is about. */
    private static Connection describe(WebSocketConnection socket) {
        Connection connection = socket.userData().get(CONNECTION);
        LogFields.connection(socket.id(), connection.userId());
        return connection;
    }
}
