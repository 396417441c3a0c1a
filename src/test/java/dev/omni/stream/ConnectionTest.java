package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.audit.Origin;
import dev.omni.identity.Caller;
import dev.omni.job.JobCalls;
import dev.omni.job.Jobs;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A connection's life over a socket of the test's own, at a faster pace than on the wire. */
@QuarkusTest
class ConnectionTest {
    private static final StreamConfig FAST = config("200ms", "700ms");

    @Inject
    Vertx vertx;

    @Inject
    Jobs jobs;

    @Inject
    StreamMeters meters;

    @Inject
    Connections registry;

    @Inject
    Tokens tokens;

    private final List<Runnable> after = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        after.forEach(Runnable::run);
    }

    @Test
    void heartbeatsAndPingsComeAtTheirInterval() {
        RecordingWire wire = new RecordingWire(true);
        connect(config("50ms", "60s"), wire, Instant.now().plusSeconds(60));

        await().untilAsserted(() -> assertThat(wire.sent).hasSizeGreaterThanOrEqualTo(3));
        await().untilAsserted(() -> assertThat(wire.pings).hasValueGreaterThanOrEqualTo(2));
        assertThat(wire.sent).allMatch(text -> text.startsWith("{\"type\":\"heartbeat\""));
    }

    @Test
    void aReaderThatIsBehindGetsNoHeartbeat() {
        RecordingWire wire = new RecordingWire(true);
        wire.slow = true;
        connect(config("50ms", "60s"), wire, Instant.now().plusSeconds(60));

        await().during(Duration.ofMillis(300)).until(() -> wire.sent.size() == 1);
        wire.slow = false;
        wire.drain();

        await().until(() -> wire.sent.size() >= 3);
    }

    @Test
    void aPeerThatAnswersNoPingIsClosedAndThenCut() {
        RecordingWire wire = new RecordingWire(false);
        connect(FAST, wire, Instant.now().plusSeconds(60));

        await().untilAsserted(() -> assertThat(wire.closes).containsExactly(CloseCode.NO_PONG));
        await().untilAsserted(() -> assertThat(wire.cuts).hasValue(1));
    }

    @Test
    void aPeerThatTakesTheCloseIsNotCut() {
        RecordingWire wire = new RecordingWire(true);
        wire.takesClose = true;
        connect(FAST, wire, Instant.now());

        await().untilAsserted(() -> assertThat(wire.closes).containsExactly(CloseCode.TOKEN));
        await().during(FAST.closeTimeout().multipliedBy(3)).until(() -> wire.cuts.get() == 0);
    }

    @Test
    void nothingIsSentOnceTheConnectionIsClosing() {
        RecordingWire wire = new RecordingWire(true);
        Opened opened = connect(FAST, wire, Instant.now());
        await().until(() -> !wire.closes.isEmpty());
        int sent = wire.sent.size();

        opened.run(connection -> connection.received("{\"type\":\"ping\"}"));

        await().during(FAST.heartbeatInterval().multipliedBy(3))
                .until(() -> wire.sent.size() == sent && wire.closes.size() == 1);
    }

    @Test
    void aClientThatReadsNoAnswersCannotPileUpRequests() {
        RecordingWire wire = new RecordingWire(true);
        wire.slow = true;
        Opened opened = connect(config("60s", "60s"), wire, Instant.now().plusSeconds(60));

        // The first waits for its answer to drain, the others wait for it: the last is one too many.
        for (int i = 0; i < 6; i++) {
            opened.run(connection -> connection.received("{\"type\":\"ping\"}"));
        }

        await().untilAsserted(() -> assertThat(wire.closes).containsExactly(CloseCode.LIMIT));
        assertThat(wire.sent).hasSize(2);
    }

    @Test
    void drainingSendsEveryClientElsewhere() {
        Connections connections = new Connections(FAST, Optional.of(Duration.ofSeconds(10)));
        List<RecordingWire> wires = List.of(new RecordingWire(true), new RecordingWire(true), new RecordingWire(true));
        wires.forEach(wire ->
                connections.add(connect(FAST, wire, Instant.now().plusSeconds(60)).connection, System.nanoTime()));
        AtomicInteger told = new AtomicInteger();
        connections.whenDraining().subscribe().with(draining -> told.incrementAndGet());
        assertThat(connections.isDraining()).isFalse();

        connections.onShutdown(new ShutdownDelayInitiatedEvent());

        assertThat(connections.isDraining()).isTrue();
        await().untilAsserted(() -> assertThat(told).hasValue(1));
        await().untilAsserted(() ->
                assertThat(wires).allSatisfy(wire -> assertThat(wire.closes).containsExactly(CloseCode.GOING_AWAY)));
    }

    @Test
    void clientsAreSentElsewhereEvenlyOverTheTimeThereIs() {
        Duration spread = Duration.ofSeconds(3);

        assertThat(Connections.turn(0, 3, spread)).isZero();
        assertThat(Connections.turn(1, 3, spread)).isEqualTo(Duration.ofSeconds(1));
        assertThat(Connections.turn(2, 3, spread)).isEqualTo(Duration.ofSeconds(2));
    }

    private static StreamConfig config(String heartbeat, String pongTimeout) {
        return new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(StreamConfig.class)
                .withDefaultValue("omni.stream.heartbeat-interval", heartbeat)
                .withDefaultValue("omni.stream.pong-timeout", pongTimeout)
                .withDefaultValue("omni.stream.close-timeout", "100ms")
                .withDefaultValue("omni.stream.drain-spread", "600ms")
                .withDefaultValue("omni.stream.max-pending-messages", "4")
                .build()
                .getConfigMapping(StreamConfig.class);
    }

    @Test
    void connectionsLeaveWithinTheTimeThatAShutdownGives() {
        assertThat(Connections.spread(Duration.ofSeconds(3), Duration.ofSeconds(5)))
                .isEqualTo(Duration.ofSeconds(3));
        assertThat(Connections.spread(Duration.ofSeconds(10), Duration.ofSeconds(4)))
                .isEqualTo(Duration.ofSeconds(3));
        assertThat(Connections.spread(Duration.ofSeconds(3), Duration.ZERO)).isZero();
    }

    @Test
    void aJobThatIsStartedBeforeTheHandshakeIsThroughIsFollowedToo() {
        long handshake = System.nanoTime();
        JobCalls alice = JobCalls.ofSomebody();
        String job = alice.started("echo early");
        RecordingWire wire = new RecordingWire(true);
        Connection late = connect(alice.userId(), FAST, wire, Instant.now().plusSeconds(60)).connection;
        RecordingWire later = new RecordingWire(true);
        Connection tooLate = connect(alice.userId(), FAST, later, Instant.now().plusSeconds(60)).connection;

        registry.add(late, handshake);
        registry.add(tooLate, System.nanoTime());

        await().untilAsserted(
                        () -> assertThat(wire.sent).anyMatch(text -> text.contains("\"done\"") && text.contains(job)));
        assertThat(later.sent).noneMatch(text -> text.contains(job));
        registry.remove(late);
        registry.remove(tooLate);
    }

    private Opened connect(StreamConfig config, RecordingWire wire, Instant expiresAt) {
        return connect("carol", config, wire, expiresAt);
    }

    private Opened connect(String userId, StreamConfig config, RecordingWire wire, Instant expiresAt) {
        Context context = vertx.getOrCreateContext();
        var identity = new Tokens.Verified(new Caller(userId, Set.of()), expiresAt);
        var trail = new ConnectionTrail(entry -> {}, Origin.of(identity.caller(), null, null));
        var opened = new Opened(
                context,
                new Connection(vertx, context, config, jobs, new Frames(), tokens, wire, meters, identity, trail));
        wire.answered = () -> opened.run(Connection::pong);
        wire.closed = () -> opened.run(Connection::closed);
        after.add(() -> opened.run(Connection::closed));
        opened.run(Connection::open);
        return opened;
    }

    private record Opened(Context context, Connection connection) {
        void run(Consumer<Connection> action) {
            context.runOnContext(ignored -> action.accept(connection));
        }
    }

    private static final class RecordingWire implements Wire {
        private final boolean answersPings;
        private final List<String> sent = new CopyOnWriteArrayList<>();
        private final List<CloseCode> closes = new CopyOnWriteArrayList<>();
        private final AtomicInteger pings = new AtomicInteger();
        private final AtomicInteger cuts = new AtomicInteger();
        private final Queue<Consumer<@Nullable Throwable>> undrained = new LinkedBlockingQueue<>();
        private volatile boolean slow;
        private volatile boolean takesClose;
        private volatile Runnable answered = () -> {};
        private volatile Runnable closed = () -> {};

        RecordingWire(boolean answersPings) {
            this.answersPings = answersPings;
        }

        void drain() {
            for (var drained = undrained.poll(); drained != null; drained = undrained.poll()) {
                drained.accept(null);
            }
        }

        @Override
        public void write(byte[] text, Consumer<@Nullable Throwable> drained) {
            sent.add(new String(text, StandardCharsets.UTF_8));
            if (slow) {
                undrained.add(drained);
            } else {
                drained.accept(null);
            }
        }

        @Override
        public void flush() {}

        @Override
        public Uni<Void> ping() {
            return Uni.createFrom().voidItem().invoke(() -> {
                pings.incrementAndGet();
                if (answersPings) {
                    answered.run();
                }
            });
        }

        @Override
        public Uni<Void> close(CloseCode code) {
            return Uni.createFrom().voidItem().invoke(() -> {
                closes.add(code);
                if (takesClose) {
                    closed.run();
                }
            });
        }

        @Override
        public void cut() {
            cuts.incrementAndGet();
        }
    }
}
