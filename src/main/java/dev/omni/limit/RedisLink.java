package dev.omni.limit;

import io.github.bucket4j.redis.consts.LuaScripts;
import io.quarkus.arc.InjectableInstance;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Redis, as far as it answers in time. A command that fails, or is not answered soon while no other is either, makes it count
 * as away; from then on nobody asks it anything until it has written what it is told to, which is tried now and then.
 *
 * <pre>
 *   AWAY ──── has written ────────► UP
 *     ◄── failed, or too slow ──────┘
 * </pre>
 */
@ApplicationScoped
class RedisLink {
    private static final Logger LOG = Logger.getLogger(RedisLink.class);

    /** How many times the configured time an answer is waited for from a Redis that answers others. */
    private static final int PATIENCE = 4;

    private enum State {
        /** Not known yet. */
        NEW,
        UP,
        AWAY
    }

    private final Vertx vertx;
    private final LimitConfig.Shared config;
    private final String probeKey;
    private final @Nullable Redis redis;
    private State state = State.NEW;
    private volatile boolean up;
    /** When it last answered anything. */
    private volatile long heard = System.nanoTime();

    private volatile boolean closed;

    RedisLink(
            Vertx vertx,
            LimitConfig config,
            InjectableInstance<Redis> redis,
            LimitMeters meters,
            @ConfigProperty(name = "omni.sandbox.environment") String environment) {
        this.vertx = vertx;
        this.config = config.shared();
        this.probeKey = "omni:%s:limit:probe".formatted(environment);
        this.redis = redis.listActive().stream().findFirst().orElse(null);
        meters.watch(this::isUp);
    }

    void start(@Observes StartupEvent event) {
        if (redis != null) {
            probe();
        }
    }

    void stop(@Observes ShutdownEvent event) {
        closed = true;
        up = false;
    }

    /** Whether there is one at all. */
    boolean isConfigured() {
        return redis != null;
    }

    /** Whether it is worth asking. */
    boolean isUp() {
        return up;
    }

    /** The longest that one command's answer is waited for, and so may all of a decision be. */
    Duration patience() {
        return config.timeout().multipliedBy(PATIENCE);
    }

    /** Its answer, or a failure after the time that a call may wait. */
    CompletableFuture<@Nullable Response> send(Request command) {
        if (redis == null) {
            return CompletableFuture.failedFuture(new IllegalStateException("There is no Redis"));
        }
        var asked = new Asked();
        redis.send(command).onComplete(answered -> {
            if (answered.succeeded()) {
                heard = System.nanoTime();
                asked.answer.complete(answered.result());
            } else {
                asked.fail(answered.cause());
            }
        });
        return asked.answer;
    }

    /**
     * A command that waits for its answer. Where Redis answers others meanwhile it is only busy, or this replica is, and the
     * answer is waited for some times longer.
     */
    private final class Asked {
        private final CompletableFuture<@Nullable Response> answer = new CompletableFuture<>();
        private int looks;
        private long since = System.nanoTime();

        Asked() {
            lookLater();
        }

        private void lookLater() {
            long timer = vertx.setTimer(config.timeout().toMillis(), fired -> look());
            CompletableFuture<?> unused = answer.whenComplete((response, failure) -> vertx.cancelTimer(timer));
        }

        private void look() {
            long now = System.nanoTime();
            // A look that comes late was held up, and so may have been the answer, which is read after it.
            boolean late = now - since > config.timeout().toNanos() * 3 / 2;
            boolean answersOthers = heard - since > 0;
            since = now;
            if (++looks < PATIENCE && (late || answersOthers)) {
                lookLater();
            } else if (answersOthers) {
                answer.completeExceptionally(new TimeoutException("it is too busy"));
            } else {
                fail(new TimeoutException("it does not answer in time"));
            }
        }

        private void fail(Throwable failure) {
            if (answer.completeExceptionally(failure)) {
                lost(failure);
            }
        }
    }

    /**
     * Does what is done for calls. One that is full, or a copy, or that lets us do less, answers a ping, and would be away
     * again with the next call.
     */
    private void probe() {
        if (closed) {
            return;
        }
        Request probe = Request.cmd(Command.EVAL)
                .arg(LuaScripts.SCRIPT_SET_NX_PX)
                .arg(1)
                .arg(probeKey)
                .arg("")
                .arg(config.retryInterval().toMillis());
        CompletableFuture<?> unused = send(probe).whenComplete((written, failure) -> {
            if (failure == null) {
                found();
            } else {
                probeLater();
            }
        });
    }

    private void probeLater() {
        vertx.setTimer(config.retryInterval().toMillis(), timer -> probe());
    }

    private synchronized void found() {
        if (!closed) {
            state = State.UP;
            up = true;
            LOG.info("Redis is there: limits are shared with the other replicas");
        }
    }

    private synchronized void lost(Throwable failure) {
        State before = state;
        state = State.AWAY;
        up = false;
        if (before == State.AWAY || closed) {
            LOG.debugf("Redis is still away: %s", failure);
            return;
        }
        LOG.warnf("Redis is away; limits are kept by each replica on its own: %s", failure);
        if (before == State.UP) {
            probeLater();
        }
    }
}
