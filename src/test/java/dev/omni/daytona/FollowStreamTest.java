package dev.omni.daytona;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.DaytonaException.Kind;
import io.smallrye.common.vertx.VertxContext;
import io.smallrye.mutiny.Multi;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketFrameType;
import io.vertx.core.http.impl.WebSocketInternal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FollowStreamTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private static Vertx vertx;
    private static WebSocketClient client;

    private Upstream upstream;

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
        client = vertx.createWebSocketClient(new WebSocketClientOptions().setClosingTimeout(1));
    }

    @AfterAll
    static void stop() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @BeforeEach
    void serve() {
        upstream = new Upstream(vertx);
    }

    @AfterEach
    void close() {
        upstream.close();
    }

    @Test
    void framesArriveInOrderAndClose1000Completes() {
        accept(socket -> {
            socket.writeBinaryMessage(Buffer.buffer("a\n"));
            socket.writeBinaryMessage(Buffer.buffer("b\n"));
            socket.close((short) 1000);
        });

        Reader reader = Reader.of(follow()).request(Long.MAX_VALUE);

        reader.awaitCompletion();
        assertThat(reader.bytes()).hasToString("a\nb\n");
    }

    @Test
    void theEndIsToldWithoutFurtherDemandAfterTheLastFrame() {
        accept(socket -> {
            socket.writeBinaryMessage(Buffer.buffer("a"));
            socket.writeBinaryMessage(Buffer.buffer("b"));
            socket.close((short) 1000);
        });

        Reader reader = Reader.of(follow()).request(1);
        reader.awaitCount(1);
        assertThat(reader.isOver()).isFalse();
        reader.request(1);

        reader.awaitCompletion();
        assertThat(reader.bytes()).hasToString("ab");
    }

    @ParameterizedTest
    @ValueSource(shorts = {1001, 1008, 1011})
    void anyOtherCloseCodeFails(short code) {
        accept(socket -> {
            socket.writeBinaryMessage(Buffer.buffer("a"));
            socket.close(code);
        });

        Reader reader = Reader.of(follow()).request(Long.MAX_VALUE);

        assertThat(reader.awaitFailure().kind()).isEqualTo(Kind.UNAVAILABLE);
        assertThat(reader.bytes()).hasToString("a");
    }

    @Test
    void anAbruptEndFails() {
        // Not through the pipeline, a handler in which would send a close frame.
        accept(socket -> channelOf(socket).unsafe().close(channelOf(socket).voidPromise()));

        Reader reader = Reader.of(follow()).request(Long.MAX_VALUE);

        assertThat(reader.awaitFailure().kind()).isEqualTo(Kind.UNAVAILABLE);
    }

    @Test
    void whatNobodyAskedForStaysWithTheSender() {
        AtomicInteger sent = new AtomicInteger();
        AtomicInteger drained = new AtomicInteger();
        AtomicBoolean full = new AtomicBoolean();
        int frames = 32 * 1024;
        accept(socket -> {
            Runnable pump = () -> {
                while (!socket.isClosed() && !socket.writeQueueFull()) {
                    socket.write(Buffer.buffer(new byte[1024]));
                    if (sent.incrementAndGet() == frames) {
                        socket.close((short) 1000);
                    }
                }
                full.set(sent.get() < frames);
            };
            socket.drainHandler(v -> {
                drained.incrementAndGet();
                pump.run();
            });
            pump.run();
        });

        Reader reader = Reader.of(follow()).request(1);
        reader.awaitCount(1);
        await().during(Duration.ofMillis(200)).until(() -> full.get() && sent.get() < frames);
        int drainedBefore = drained.get();
        for (int i = 2; i <= 10; i++) {
            reader.request(1);
            reader.awaitCount(i);
        }
        await().during(Duration.ofMillis(200)).until(() -> drained.get() == drainedBefore && full.get());
        assertThat(reader.count()).isEqualTo(10);

        reader.request(Long.MAX_VALUE);
        reader.awaitCompletion();
        assertThat(reader.count()).isEqualTo(frames);
    }

    @Test
    void cancellingClosesTheSocket() {
        AtomicBoolean closed = new AtomicBoolean();
        accept(socket -> {
            socket.closeHandler(v -> closed.set(true));
            socket.writeBinaryMessage(Buffer.buffer("a"));
        });

        Reader reader = Reader.of(follow()).request(5);
        reader.awaitCount(1);
        reader.cancel();

        await().untilTrue(closed);
        assertThat(reader.isOver()).isFalse();
    }

    @Test
    void cancellingWhileItConnectsClosesTheSocketToo() {
        AtomicReference<ServerWebSocket> accepted = new AtomicReference<>();
        CompletableFuture<HttpServerRequest> asked = new CompletableFuture<>();
        upstream.does(request -> asked.complete(request.pause()));

        Reader reader = Reader.of(follow()).request(1);
        HttpServerRequest request = asked.join();
        reader.cancel();
        request.toWebSocket().onSuccess(accepted::set);

        await().until(() -> accepted.get() != null && accepted.get().isClosed());
    }

    @Test
    void aPeerThatAnswersNoPingFailsAsATimeout() {
        accept(socket -> channelOf(socket).config().setAutoRead(false));

        Reader reader = Reader.of(follow(Duration.ofMillis(100), Duration.ofMillis(100)))
                .request(1);

        assertThat(reader.awaitFailure().kind()).isEqualTo(Kind.TIMEOUT);
    }

    @Test
    void aSilentPeerThatAnswersPingsLivesAndGetsNothingButPings() {
        List<WebSocketFrameType> frames = new CopyOnWriteArrayList<>();
        AtomicReference<ServerWebSocket> accepted = new AtomicReference<>();
        accept(socket -> {
            socket.frameHandler(frame -> frames.add(frame.type()));
            accepted.set(socket);
        });

        Reader reader =
                Reader.of(follow(Duration.ofMillis(40), Duration.ofMillis(40))).request(1);
        await().until(() -> frames.size() >= 5);
        assertThat(frames).containsOnly(WebSocketFrameType.PING);
        assertThat(reader.isOver()).isFalse();
        accepted.get().close((short) 1000);

        reader.awaitCompletion();
    }

    @Test
    void aSlowReaderIsNoDeadPeer() {
        AtomicBoolean sent = new AtomicBoolean();
        accept(socket -> {
            for (int i = 0; i < 2000; i++) {
                socket.write(Buffer.buffer(new byte[1024]));
            }
            socket.close((short) 1000);
            sent.set(true);
        });

        Reader reader =
                Reader.of(follow(Duration.ofMillis(50), Duration.ofMillis(50))).request(1);
        await().untilTrue(sent);
        await().during(Duration.ofMillis(400)).until(() -> !reader.isOver());
        reader.request(Long.MAX_VALUE);

        reader.awaitCompletion();
        assertThat(reader.count()).isEqualTo(2000);
    }

    @ParameterizedTest
    @CsvSource({"400, NOT_RUNNING", "401, REFUSED", "404, NOT_FOUND", "502, NOT_RUNNING", "503, UNAVAILABLE"})
    void aRefusedHandshakeIsMappedByItsStatus(int status, Kind kind) {
        upstream.does(request -> request.response().setStatusCode(status).end());

        DaytonaException failure = Reader.of(follow()).request(1).awaitFailure();

        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.status()).isEqualTo(status);
    }

    @Test
    void aHandshakeThatIsNotAnsweredTimesOut() {
        upstream.does(request -> {});

        Reader reader = Reader.of(follow(Duration.ofMillis(200), LONG, LONG)).request(1);

        assertThat(reader.awaitFailure().kind()).isEqualTo(Kind.TIMEOUT);
    }

    @Test
    void nothingListeningIsUnavailable() {
        Multi<Buffer> stream = follow();
        upstream.close();

        assertThat(Reader.of(stream).request(1).awaitFailure().kind()).isEqualTo(Kind.UNAVAILABLE);
    }

    @Test
    void everythingHappensOnTheContextOfTheSubscriber() {
        accept(socket -> {
            for (int i = 0; i < 20; i++) {
                socket.write(Buffer.buffer("x"));
            }
            socket.close((short) 1000);
        });
        Context context = Objects.requireNonNull(VertxContext.createNewDuplicatedContext(vertx.getOrCreateContext()));
        CompletableFuture<Reader> subscribed = new CompletableFuture<>();
        context.runOnContext(v -> subscribed.complete(Reader.of(follow())));

        Reader reader = subscribed.join();
        // From a thread that is not the context's.
        reader.request(10).request(10);

        reader.awaitCompletion();
        assertThat(reader.count()).isEqualTo(20);
        assertThat(reader.contexts()).containsExactly(context);
    }

    private void accept(Consumer<ServerWebSocket> behaviour) {
        upstream.does(request -> request.toWebSocket().onSuccess(behaviour::accept));
    }

    private Multi<Buffer> follow() {
        return follow(LONG, LONG);
    }

    private Multi<Buffer> follow(Duration pingInterval, Duration pongTimeout) {
        return follow(Duration.ofSeconds(5), pingInterval, pongTimeout);
    }

    private Multi<Buffer> follow(Duration handshake, Duration pingInterval, Duration pongTimeout) {
        var uri = upstream.uri().resolve("/toolbox/x/logs?follow=true");
        return new UpstreamStream(
                vertx,
                () -> new FollowStream(client, uri, Map.of("Authorization", "Bearer x"), handshake),
                new UpstreamStream.Patience(handshake, pingInterval, pongTimeout),
                new ErrorMapping(List::of)::failure);
    }

    private static io.netty.channel.Channel channelOf(ServerWebSocket socket) {
        return ((WebSocketInternal) socket).channelHandlerContext().channel();
    }
}
