package dev.omni.limit;

import io.smallrye.common.vertx.VertxContext;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.StreamSupport;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Things that a user holds for a time, so many at the most. They are counted on this replica, and with a Redis on all of
 * them together: there each is an entry of the user's sorted set, by when it ends unless the replica that holds it says
 * otherwise. It does so again and again, so that what a replica held that is gone is soon free, and a Redis that comes back
 * empty soon knows what is held.
 */
@ApplicationScoped
public class Leases {
    private static final Logger LOG = Logger.getLogger(Leases.class);

    /** How often a lease is renewed before it would end: one renewal or two may be lost. */
    private static final int RENEWALS = 3;

    /** What {@link #TAKE} answers where it is another replica's, or this one's already. */
    private static final int HELD_BEFORE = 2;

    /** Redis' own clock decides, so that those of replicas need not agree. */
    private static final String TAKE = """
            local time = redis.call('time')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            redis.call('zremrangebyscore', KEYS[1], '-inf', now)
            if redis.call('zscore', KEYS[1], ARGV[2]) then return 2 end
            if redis.call('zcard', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
            redis.call('zadd', KEYS[1], now + ARGV[3], ARGV[2])
            if redis.call('pttl', KEYS[1]) < tonumber(ARGV[3]) then redis.call('pexpire', KEYS[1], ARGV[3]) end
            return 1""";

    private static final String RENEW = """
            local time = redis.call('time')
            local ends = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
            for i = 2, #ARGV do redis.call('zadd', KEYS[1], ends, ARGV[i]) end
            redis.call('pexpire', KEYS[1], ARGV[1])""";

    private static final String HELD = """
            local time = redis.call('time')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            return redis.call('zrangebyscore', KEYS[1], now, '+inf')""";

    private final Vertx vertx;
    private final RedisLink redis;
    private final String prefix;
    private final Duration keep;
    private final ConcurrentMap<String, Map<String, Holders>> here = new ConcurrentHashMap<>();
    private final AtomicBoolean renewing = new AtomicBoolean();
    private final long timer;

    Leases(
            Vertx vertx,
            RedisLink redis,
            LimitConfig config,
            @ConfigProperty(name = "omni.sandbox.environment") String environment) {
        this.vertx = vertx;
        this.redis = redis;
        this.prefix = "omni:%s:lease:".formatted(environment);
        this.keep = config.shared().leaseTime();
        this.timer = vertx.setPeriodic(keep.toMillis() / RENEWALS, tick -> renewAll());
    }

    @PreDestroy
    void close() {
        vertx.cancelTimer(timer);
    }

    /**
     * Who holds a thing on this replica.
     *
     * @param count so many calls do
     * @param isOurs whether its entry in Redis is this replica's to remove
     */
    private record Holders(int count, boolean isOurs) {}

    /** Something that is held. */
    public interface Lease {
        /** Ends it; a second time does nothing. */
        void release();
    }

    /**
     * Takes something, unless the user holds as many already. What is held can be taken again, by a call that was repeated:
     * it counts once, until all have released it.
     *
     * @param thing what it is
     * @param id which of those it is, the same on every replica
     * @param atMost when it ends by itself, whatever happens
     */
    public Uni<Optional<Lease>> take(String thing, String userId, int limit, String id, Duration atMost) {
        String key = prefix + thing + ":" + Buckets.hash(userId);
        if (!takeHere(key, id, limit)) {
            return Uni.createFrom().item(Optional.empty());
        }
        var lease = new Held(key, id);
        lease.releaseAfter(atMost);
        if (!redis.isUp()) {
            isOurs(key, id);
            return Uni.createFrom().item(Optional.of(lease));
        }
        Request take = Request.cmd(Command.EVAL)
                .arg(TAKE)
                .arg(1)
                .arg(key)
                .arg(limit)
                .arg(id)
                .arg(Math.min(atMost.toMillis(), keep.toMillis()));
        CompletableFuture<Optional<Lease>> taken = redis.send(take).handle((answer, failure) -> {
            if (failure == null && answer != null && Integer.valueOf(0).equals(answer.toInteger())) {
                lease.release();
                return Optional.empty();
            }
            if (failure != null
                    || answer == null
                    || !Integer.valueOf(HELD_BEFORE).equals(answer.toInteger())) {
                isOurs(key, id);
            }
            return Optional.of(lease);
        });
        // A copy, since cancelling it must not keep the answer from being heard.
        return onThisContext(taken.copy()).onCancellation().invoke(() -> {
            CompletableFuture<?> unused = taken.thenAccept(given -> given.ifPresent(Lease::release));
        });
    }

    /** The ids of what a user holds, on all replicas as far as they can be asked. */
    public Uni<List<String>> held(String thing, String userId) {
        String key = prefix + thing + ":" + Buckets.hash(userId);
        List<String> local = List.copyOf(here.getOrDefault(key, Map.of()).keySet());
        if (!redis.isUp()) {
            return Uni.createFrom().item(local);
        }
        return onThisContext(
                redis.send(Request.cmd(Command.EVAL).arg(HELD).arg(1).arg(key))
                        .handle((ids, failure) -> failure != null || ids == null ? local : texts(ids)));
    }

    /** One user after the other, so that calls which wait for Redis need not wait for all of them. */
    private void renewAll() {
        if (redis.isUp() && !here.isEmpty() && renewing.compareAndSet(false, true)) {
            renew(List.copyOf(here.keySet()).iterator());
        }
    }

    private void renew(Iterator<String> keys) {
        if (!keys.hasNext() || !redis.isUp()) {
            renewing.set(false);
            return;
        }
        String key = keys.next();
        Request renewal = Request.cmd(Command.EVAL).arg(RENEW).arg(1).arg(key).arg(keep.toMillis());
        here.getOrDefault(key, Map.of()).keySet().forEach(renewal::arg);
        CompletableFuture<?> unused = redis.send(renewal).whenComplete((done, failure) -> {
            if (failure != null) {
                LOG.debugf("Leases were not renewed: %s", failure);
            }
            renew(keys);
        });
    }

    private boolean takeHere(String key, String id, int limit) {
        var taken = new AtomicBoolean();
        here.compute(key, (same, before) -> {
            Map<String, Holders> held = before == null ? new ConcurrentHashMap<>() : before;
            taken.set(held.containsKey(id) || held.size() < limit);
            if (taken.get()) {
                held.merge(id, new Holders(1, false), (one, more) -> new Holders(one.count() + 1, one.isOurs()));
            }
            return held.isEmpty() ? null : held;
        });
        return taken.get();
    }

    private void isOurs(String key, String id) {
        here.computeIfPresent(key, (same, held) -> {
            held.computeIfPresent(id, (known, holders) -> new Holders(holders.count(), true));
            return held;
        });
    }

    /** Whether nobody here holds it any more and its entry in Redis is to be removed. */
    private boolean releaseHere(String key, String id) {
        var removable = new AtomicBoolean();
        here.computeIfPresent(key, (same, held) -> {
            held.computeIfPresent(id, (known, holders) -> {
                if (holders.count() > 1) {
                    return new Holders(holders.count() - 1, holders.isOurs());
                }
                removable.set(holders.isOurs());
                return null;
            });
            return held.isEmpty() ? null : held;
        });
        return removable.get();
    }

    private static List<String> texts(Response ids) {
        return StreamSupport.stream(ids.spliterator(), false)
                .map(Response::toString)
                .toList();
    }

    private final class Held implements Lease {
        private final String key;
        private final String id;
        private final AtomicBoolean released = new AtomicBoolean();
        private volatile @Nullable Long timer;

        Held(String key, String id) {
            this.key = key;
            this.id = id;
        }

        void releaseAfter(Duration time) {
            timer = vertx.setTimer(time.toMillis(), fired -> release());
        }

        @Override
        public void release() {
            if (!released.compareAndSet(false, true)) {
                return;
            }
            Long pending = timer;
            if (pending != null) {
                vertx.cancelTimer(pending);
            }
            if (releaseHere(key, id) && redis.isUp()) {
                CompletableFuture<?> unused = redis.send(
                                Request.cmd(Command.ZREM).arg(key).arg(id))
                        .exceptionally(failure -> {
                            LOG.debugf("A lease ends only when its time is over: %s", failure);
                            return null;
                        });
            }
        }
    }

    private <T> Uni<T> onThisContext(CompletableFuture<T> result) {
        Context context = VertxContext.getOrCreateDuplicatedContext(vertx);
        return Uni.createFrom().completionStage(result).emitOn(task -> context.runOnContext(ignored -> task.run()));
    }
}
