package dev.omni.stream;

import dev.omni.audit.Action;
import dev.omni.identity.Caller;
import dev.omni.job.JobEvent;
import dev.omni.job.JobStream;
import dev.omni.job.Jobs;
import dev.omni.observe.LogContext;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.sandbox.SandboxAccess;
import dev.omni.sandbox.SandboxChanged;
import dev.omni.stream.StreamMeters.Via;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection. It belongs to its first token's user for life.
 *
 * <pre>
 *            draining, token expired, no sign of life, too slow,
 *            over a limit, too many invalid messages            handshake done, or cut
 *   OPEN ────────────────────────────────────────────► CLOSING ────────────────────────► CLOSED
 *     └──────────────────────────── peer closed or gone ───────────────────────────────────┘
 * </pre>
 *
 * <p>Confined to its event loop: everything but {@link #follow} and {@link #drain} is called on it.
 */
final class Connection {
    private static final Logger LOG = Logger.getLogger(Connection.class);

    /** The ids of timers begin at 0. */
    private static final long NO_TIMER = -1;

    /** Notices on their way to a client. They are small; this only keeps them from piling up for one that does not read. */
    private static final int MAX_NOTICES = 32;

    /** Bytes of jobs that may be on their way to the kernel: a few large messages, or many small ones at once. */
    private static final int WINDOW = 64 * 1024;

    /** Jobs whose start may still be told again. A client that has more of them in that time may see one anew. */
    private static final int MAX_REMEMBERED = 256;

    /** How often one connection measures its latency, which is a sample: a busy one has many messages in that time. */
    private static final long SAMPLE_NANOS = Duration.ofMillis(100).toNanos();

    private enum State {
        OPEN,
        CLOSING,
        CLOSED
    }

    private final Vertx vertx;
    private final ContextInternal context;
    private final Executor loop;
    private final StreamConfig config;
    private final Jobs jobs;
    private final Frames frames;
    private final Tokens tokens;
    private final Wire wire;
    private final StreamMeters meters;
    private final ConnectionTrail trail;
    private final Inbox inbox;
    private final Subscriptions subscriptions;
    private final Liveness liveness;

    private final long openedAt = System.nanoTime();
    /** The jobs that it has followed, the newest of them. The start of one may be told late, or again. */
    private final Set<JobKey> followed = Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<JobKey, Boolean> eldest) {
            return size() > MAX_REMEMBERED;
        }
    });

    private State state = State.OPEN;
    private Tokens.Verified identity;
    private int invalidInARow;
    private int notices;
    private int unflushedMessages;
    private int unflushedBytes;
    private long sampledAt = System.nanoTime() - SAMPLE_NANOS;
    private OptionalInt closedWith = OptionalInt.empty();
    private long ticker = NO_TIMER;
    private long expiry = NO_TIMER;

    Connection(
            Vertx vertx,
            Context context,
            StreamConfig config,
            Jobs jobs,
            Frames frames,
            Tokens tokens,
            Wire wire,
            StreamMeters meters,
            Tokens.Verified identity,
            ConnectionTrail trail) {
        this.vertx = vertx;
        this.context = (ContextInternal) context;
        this.loop = task -> context.runOnContext(ignored -> task.run());
        this.config = config;
        this.jobs = jobs;
        this.frames = frames;
        this.tokens = tokens;
        this.wire = wire;
        this.meters = meters;
        this.identity = identity;
        this.trail = trail;
        this.liveness = new Liveness(config.pongTimeout(), Pace.of(config), System.nanoTime());
        this.inbox = new Inbox(config, loop, this::handle);
        this.subscriptions = new Subscriptions(config.maxSubscriptions(), WINDOW, loop, new Outlet());
    }

    String userId() {
        return identity.caller().userId();
    }

    /** When it was opened, as {@link System#nanoTime()} told it. */
    long openedAt() {
        return openedAt;
    }

    void open() {
        ticker = vertx.setPeriodic(config.heartbeatInterval().toMillis(), id -> loop.execute(this::tick));
        armExpiry();
        sendAndForget(ServerMessage.Heartbeat.now());
    }

    void received(String text) {
        if (state != State.OPEN) {
            return;
        }
        meters.received();
        liveness.sign(System.nanoTime());
        if (!inbox.offer(text)) {
            tooMany();
        }
    }

    /** A frame that can be no message. */
    void receivedBinary() {
        if (state == State.OPEN) {
            refuseInvalid("a message is a text frame").subscribe().with(sent -> {}, gone -> {});
        }
    }

    void pong() {
        if (state == State.OPEN) {
            liveness.sign(System.nanoTime());
            if (!inbox.admits()) {
                tooMany();
            }
        }
    }

    private void tooMany() {
        trail.limited(Action.MESSAGES);
        close(CloseCode.LIMIT);
    }

    /** The socket answers a ping by itself, whether or not the peer reads: for one that does not, answers would pile up. */
    void ping() {
        if (state == State.CLOSING) {
            cut();
        } else {
            pong();
        }
    }

    /** Follows a job that its user has started, unless it does or did so already. From any thread. */
    void follow(SandboxAccess sandbox, UUID jobId) {
        JobKey job = new JobKey(sandbox.id(), jobId);
        loop.execute(() -> {
            if (followed.add(job)) {
                subscriptions.follow(job, about(job, () -> jobs.events(sandbox, jobId)));
            }
        });
    }

    /** Says that a sandbox of its user has changed. From any thread. A reader that is far behind is not told. */
    void tell(SandboxChanged change) {
        loop.execute(() -> {
            if (notices < MAX_NOTICES) {
                notices++;
                send(ServerMessage.Sandbox.of(change))
                        .onTermination()
                        .invoke(() -> notices--)
                        .subscribe()
                        .with(sent -> {}, gone -> {});
            }
        });
    }

    /** Tells the client to connect elsewhere, after a while. From any thread. */
    void drain(Duration after) {
        vertx.setTimer(Math.max(1, after.toMillis()), id -> loop.execute(() -> close(CloseCode.GOING_AWAY)));
    }

    void close(CloseCode code) {
        if (state != State.OPEN) {
            return;
        }
        LOG.debugf("closing with %d: %s", code.code(), code.reason());
        release();
        state = State.CLOSING;
        closedWith = OptionalInt.of(code.code());
        wire.close(code).subscribe().with(closed -> {}, gone -> {});
        vertx.setTimer(config.closeTimeout().toMillis(), id -> loop.execute(this::cut));
    }

    /** The code it was closed with on this side; empty where the peer or the network has ended it. */
    OptionalInt closedWith() {
        return closedWith;
    }

    /** The socket is closed, by whomever. */
    void closed() {
        release();
        state = State.CLOSED;
    }

    private void cut() {
        if (state == State.CLOSING) {
            LOG.debug("the peer does not take the close: cutting the connection");
            wire.cut();
        }
    }

    private void release() {
        if (state == State.OPEN) {
            vertx.cancelTimer(ticker);
            vertx.cancelTimer(expiry);
            subscriptions.close();
            inbox.clear();
        }
    }

    private void tick() {
        if (state != State.OPEN) {
            return;
        }
        switch (liveness.tick(System.nanoTime())) {
            case PROBE -> {
                sendAndForget(ServerMessage.Heartbeat.now());
                wire.ping().subscribe().with(sent -> {}, gone -> {});
            }
            case HOLD -> LOG.debug("the reader is behind: no heartbeat");
            case GIVE_UP -> close(CloseCode.NO_PONG);
            case TOO_SLOW -> {
                meters.slow(Via.WS);
                close(CloseCode.SLOW_READER);
            }
        }
    }

    private void armExpiry() {
        vertx.cancelTimer(expiry);
        long left = Duration.between(Instant.now(), identity.expiresAt()).toMillis();
        expiry = vertx.setTimer(Math.max(1, left), id -> loop.execute(() -> close(CloseCode.TOKEN)));
    }

    private Uni<Void> handle(String text) {
        return Uni.createFrom()
                .deferred(() -> {
                    ClientMessage message = WireFormat.decode(text);
                    invalidInARow = 0;
                    return handle(message);
                })
                .onFailure(InvalidMessageException.class)
                .recoverWithUni(invalid -> refuseInvalid(invalid.text()))
                .onFailure()
                .recoverWithUni(this::apologise);
    }

    /** What nobody expected: the client must still not wait for an answer in vain. */
    private Uni<Void> apologise(Throwable failure) {
        return Uni.createFrom().voidItem().emitOn(loop).chain(() -> {
            if (state != State.OPEN) {
                return Uni.createFrom().voidItem();
            }
            LOG.error("a message could not be handled", failure);
            ProblemCode code = ProblemCode.INTERNAL_ERROR;
            return send(ServerMessage.Failure.of(null, code.code(), code.title()));
        });
    }

    private Uni<Void> handle(ClientMessage message) {
        Caller caller = identity.caller();
        return switch (message) {
            case ClientMessage.Ping ping -> send(ServerMessage.Heartbeat.now());
            case ClientMessage.Subscribe subscribe ->
                subscribe
                        .job()
                        .map(job -> subscribe(caller, job, subscribe.cursor()))
                        .orElseGet(() -> Uni.createFrom().voidItem());
            case ClientMessage.Unsubscribe unsubscribe -> {
                subscriptions.unsubscribe(unsubscribe.job());
                yield Uni.createFrom().voidItem();
            }
            case ClientMessage.Input input ->
                answering(
                        input.job(),
                        trail.of(
                                Action.JOB_INPUT,
                                input.job(),
                                about(
                                                input.job(),
                                                () -> jobs.input(
                                                        caller, input.sandboxId(), input.jobId(), input.data()))
                                        .get()));
            case ClientMessage.Cancel cancel ->
                answering(
                        cancel.job(),
                        trail.of(
                                Action.JOB_CANCEL,
                                cancel.job(),
                                about(cancel.job(), () -> jobs.cancel(caller, cancel.sandboxId(), cancel.jobId()))
                                        .get()));
            case ClientMessage.Auth auth -> renew(auth.token());
        };
    }

    private Uni<Void> subscribe(Caller caller, JobKey job, @Nullable String cursor) {
        Supplier<Uni<JobStream>> opening = about(job, () -> jobs.events(caller, job.sandboxId(), job.jobId(), cursor));
        return answering(
                job,
                subscriptions.subscribe(
                        job,
                        () -> trail.refusalsOf(job, opening.get()).emitOn(loop).invoke(stream -> {
                            followed.add(job);
                            if (cursor != null) {
                                meters.resumed(Via.WS);
                            }
                        })));
    }

    /** Work for one job, whose log lines say so. The connection has others, so it gets a log context of its own. */
    private <T> Supplier<Uni<T>> about(JobKey job, Supplier<Uni<T>> work) {
        return () -> LogContext.inNewContext(vertx, LogFields.of(job), work);
    }

    private Uni<Void> renew(String token) {
        return tokens.verify(token)
                .emitOn(loop)
                .chain(renewed -> {
                    if (!renewed.caller().userId().equals(userId())) {
                        return send(invalidToken("the token is another user's"));
                    }
                    if (state == State.OPEN && renewed.expiresAt().isAfter(identity.expiresAt())) {
                        identity = renewed;
                        armExpiry();
                    }
                    return send(ServerMessage.Heartbeat.now());
                })
                .onFailure(Tokens.InvalidTokenException.class)
                .recoverWithUni(() -> send(invalidToken("the token is not valid")));
    }

    private static ServerMessage invalidToken(String message) {
        return ServerMessage.Failure.of(null, "invalid_token", message);
    }

    private Uni<Void> refuseInvalid(String message) {
        meters.invalid();
        invalidInARow++;
        if (invalidInARow >= config.maxInvalidMessages()) {
            close(CloseCode.PROTOCOL);
            return Uni.createFrom().voidItem();
        }
        return send(ServerMessage.Failure.of(null, "invalid_message", message));
    }

    /** Turns an operation's failure into an error message. */
    private Uni<Void> answering(JobKey job, Uni<Void> operation) {
        return operation
                .emitOn(loop)
                .onFailure()
                .recoverWithUni(
                        failure -> Uni.createFrom().voidItem().emitOn(loop).chain(() -> send(refusal(job, failure))));
    }

    private final class Outlet implements Subscriptions.Outlet {
        @Override
        public Uni<Void> send(ServerMessage message) {
            return Connection.this.send(message);
        }

        @Override
        public int write(JobKey job, JobEvent event, IntConsumer drained) {
            byte[] frame = frames.of(job, event);
            Connection.this.write(frame, failure -> drained.accept(frame.length));
            return frame.length;
        }

        @Override
        public void flush() {
            Connection.this.flush();
        }

        @Override
        public void delivered(JobEvent event) {
            long now = System.nanoTime();
            if (now - sampledAt >= SAMPLE_NANOS) {
                sampledAt = now;
                meters.delivered(event.at());
            }
        }

        @Override
        public void failed(JobKey job, Throwable failure) {
            sendAndForget(refusal(job, failure));
        }
    }

    private ServerMessage refusal(JobKey job, Throwable failure) {
        if (failure instanceof ProblemException problem) {
            return ServerMessage.Failure.of(job, problem);
        }
        if (state == State.OPEN) {
            LogFields.about(job, () -> LOG.error("a job could not be followed or acted on", failure));
        }
        return ServerMessage.Failure.of(job, ProblemCode.INTERNAL_ERROR.code(), ProblemCode.INTERNAL_ERROR.title());
    }

    private void sendAndForget(ServerMessage message) {
        send(message).subscribe().with(sent -> {}, gone -> {});
    }

    /** Writes a message; completes when it has drained. */
    private Uni<Void> send(ServerMessage message) {
        // Whoever waits may stop waiting, but the frame is on its way and is still counted when it has drained.
        return Uni.createFrom().emitter(waiting -> {
            write(WireFormat.encode(message), failure -> {
                if (failure == null) {
                    waiting.complete(null);
                } else {
                    waiting.fail(failure);
                }
            });
            flush();
        });
    }

    /** Counts what went out since the last time: once for many messages, where there are many. */
    private void flush() {
        meters.sent(Via.WS, unflushedMessages, unflushedBytes);
        unflushedMessages = 0;
        unflushedBytes = 0;
        wire.flush();
    }

    private void write(byte[] frame, Consumer<@Nullable Throwable> drained) {
        if (state != State.OPEN) {
            drained.accept(null);
            return;
        }
        liveness.writing();
        unflushedMessages++;
        unflushedBytes += frame.length;
        wire.write(
                frame,
                failure -> onLoop(() -> {
                    written(frame.length, failure);
                    drained.accept(failure);
                }));
    }

    /** At once where this is the loop already. */
    private void onLoop(Runnable task) {
        context.emit(task, Runnable::run);
    }

    private void written(int size, @Nullable Throwable failure) {
        liveness.drained(System.nanoTime(), size);
        if (failure != null) {
            // Nothing can be written any more; the socket's own close event may come later.
            closed();
        }
    }
}
