package dev.omni.stream;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.ResponseType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The channel in Redis on which replicas hear each other. Redis forgets what nobody hears, so this replica tells only
 * whether it is connected; what was said meanwhile is the listener's to repeat.
 *
 * <pre>
 *              ┌────────────── pause over ──────────────┐
 *              ▼                                        │
 *   CONNECTING ──── heard its own hello ────► OPEN      │
 *        │ failed, too slow                     │ broken, did not hear itself
 *        └───────────────────► AWAY ◄───────────┘
 * </pre>
 *
 * <p>Confined to one event loop.
 */
final class AnnouncementChannel {
    private static final Logger LOG = Logger.getLogger(AnnouncementChannel.class);

    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    /** Published before the answers are waited for. The client queues about two thousand commands. */
    private static final int BATCH = 100;

    private final Vertx vertx;
    private final Context loop;
    private final Redis redis;
    private final String name;
    private final Duration heartbeat;
    private final StreamMeters meters;
    private final Listener listener;
    private final UUID replica = UUID.randomUUID();

    private @Nullable Link link;
    private Duration pause = FIRST_PAUSE;
    private boolean closed;
    /** Null until the first connection succeeded or failed. */
    private @Nullable Boolean reached;

    /** Is called on the event loop. */
    interface Listener {
        /** From now on others are heard, and hear this replica. */
        void opened();

        void heard(Announcement announcement);
    }

    AnnouncementChannel(
            Vertx vertx,
            Context loop,
            Redis redis,
            String name,
            Duration heartbeat,
            StreamMeters meters,
            Listener listener) {
        this.vertx = vertx;
        this.loop = loop;
        this.redis = redis;
        this.name = name;
        this.heartbeat = heartbeat;
        this.meters = meters;
        meters.channel(false);
        this.listener = listener;
    }

    void open() {
        if (!closed) {
            link = new Link();
            link.open();
        }
    }

    void close() {
        closed = true;
        if (link != null) {
            link.close();
            link = null;
        }
    }

    /**
     * Tells it all other replicas, as long as they can be reached. Completes when Redis has taken it; failing is no more than
     * that it was not told.
     */
    Future<Void> publish(List<Announcement> announcements) {
        Link current = link;
        return current == null || !current.open ? Future.failedFuture("Redis is away") : current.publish(announcements);
    }

    private void lost(Link lost, String reason) {
        if (link != lost) {
            return;
        }
        link = null;
        meters.channel(false);
        lost.close();
        if (!Boolean.FALSE.equals(reached)) {
            reached = false;
            LOG.warnf("Redis is away; what is started on other replicas is streamed late: %s", reason);
        } else {
            LOG.debugf("Redis is still away: %s", reason);
        }
        // Between half and all of it, so that replicas which lost it together do not come back together.
        long millis = pause.toMillis();
        vertx.setTimer(
                millis - ThreadLocalRandom.current().nextLong(millis / 2),
                timer -> onLoop(ignored -> open()).handle(timer));
        Duration longer = pause.multipliedBy(2);
        pause = longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
    }

    private <T> Handler<T> onLoop(Handler<T> handler) {
        return event -> loop.runOnContext(ignored -> handler.handle(event));
    }

    /**
     * One connection to listen on and one to speak on: the client mixes up the answers to commands with the messages when
     * they come on the same.
     */
    private final class Link {
        private final List<RedisConnection> connections = new ArrayList<>(2);
        /** What waits for Redis to answer. It would wait for as long as a frozen one holds the connection. */
        private final Set<Promise<Void>> unanswered = new HashSet<>();

        private @Nullable RedisConnection speaking;
        private boolean open;
        private boolean heardItself;
        private long ticker;

        void open() {
            ticker = vertx.setPeriodic(heartbeat.toMillis(), onLoop(ignored -> tick()));
            Future<RedisConnection> listens = connect();
            Future<RedisConnection> speaks = connect();
            Future.all(listens, speaks)
                    .onSuccess(onLoop(both -> listen(listens.result(), speaks.result())))
                    .onFailure(onLoop(failure -> lost(this, failure.toString())));
        }

        void close() {
            vertx.cancelTimer(ticker);
            connections.forEach(connection -> {
                connection.handler(null);
                connection.endHandler(null);
                connection.exceptionHandler(null);
                connection.close();
            });
            List.copyOf(unanswered).forEach(taken -> taken.tryFail("the connection was given up"));
        }

        private Future<RedisConnection> connect() {
            return redis.connect().onSuccess(onLoop(connection -> {
                if (link != this) {
                    connection.close();
                    return;
                }
                connections.add(connection);
                connection.endHandler(onLoop(ended -> lost(this, "the connection has ended")));
                connection.exceptionHandler(onLoop(failure -> lost(this, failure.toString())));
            }));
        }

        private void listen(RedisConnection listening, RedisConnection speaking) {
            if (link != this) {
                return;
            }
            listening.handler(onLoop(message -> received(message, speaking)));
            listening
                    .send(Request.cmd(Command.SUBSCRIBE).arg(name))
                    .onFailure(onLoop(failure -> lost(this, failure.toString())));
        }

        private void received(Response message, RedisConnection speaking) {
            boolean isPush = message.type() == ResponseType.PUSH || message.type() == ResponseType.MULTI;
            if (link != this || !isPush || message.size() != 3) {
                return;
            }
            switch (message.get(0).toString()) {
                case "subscribe" -> {
                    this.speaking = speaking;
                    publish(List.of(new Announcement.Hello()));
                }
                case "message" ->
                    Envelope.decode(message.get(2).toBuffer())
                            .ifPresentOrElse(this::heard, () -> LOG.debugf("Something on %s is no announcement", name));
                default -> LOG.debugf("Redis says %s", message.get(0));
            }
        }

        private void heard(Envelope envelope) {
            if (!envelope.replica().equals(replica)) {
                meters.heard(envelope.announcement());
                listener.heard(envelope.announcement());
                return;
            }
            heardItself = true;
            if (!open) {
                open = true;
                reached = true;
                meters.channel(true);
                LOG.info("Redis is there: what is started on other replicas is streamed here");
                listener.opened();
            }
        }

        private void tick() {
            if (link != this) {
                return;
            }
            if (!heardItself) {
                lost(this, open ? "it has stopped to answer" : "it does not answer");
                return;
            }
            // Only what lasted may be tried again at once when it breaks.
            pause = FIRST_PAUSE;
            heardItself = false;
            publish(List.of(new Announcement.Beat()));
        }

        Future<Void> publish(List<Announcement> announcements) {
            RedisConnection connection = speaking;
            if (connection == null || link != this) {
                return Future.failedFuture("Redis is away");
            }
            if (announcements.isEmpty()) {
                return Future.succeededFuture();
            }
            int size = Math.min(BATCH, announcements.size());
            List<Request> batch = announcements.subList(0, size).stream()
                    .map(announcement -> Request.cmd(Command.PUBLISH)
                            .arg(name)
                            .arg(Envelope.of(replica, announcement).encode()))
                    .toList();
            Promise<Void> taken = Promise.promise();
            unanswered.add(taken);
            connection.batch(batch).onComplete(onLoop(answer -> {
                unanswered.remove(taken);
                if (answer.succeeded()) {
                    announcements.subList(0, size).forEach(meters::published);
                    taken.tryComplete();
                } else {
                    taken.tryFail(answer.cause());
                    lost(this, answer.cause().toString());
                }
            }));
            return taken.future().compose(ignored -> publish(announcements.subList(size, announcements.size())));
        }
    }
}
