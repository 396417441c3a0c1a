package dev.omni.stream;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/** How many connections and event streams there may be on this replica: for each user, for each address, and together. */
@ApplicationScoped
class Slots {
    private static final Logger LOG = Logger.getLogger(Slots.class);
    private static final Duration WARNING_INTERVAL = Duration.ofMinutes(1);

    private final int max;
    private final AtomicLong warned = new AtomicLong(System.nanoTime() - WARNING_INTERVAL.toNanos() - 1);
    private final AtomicInteger all = new AtomicInteger();
    private final Shares users;
    private final Shares networks;

    Slots(StreamConfig config) {
        this.max = config.maxConnections();
        this.users = new Shares(config.maxConnectionsPerUser());
        this.networks = new Shares(config.maxConnectionsPerAddress());
    }

    /** Whether a slot is free just now: refuses early, promises nothing. */
    boolean hasRoom(Peer peer) {
        return all.get() < max && users.hasRoom(peer.userId()) && networks.hasRoom(peer.network());
    }

    int used(String userId) {
        return users.used(userId);
    }

    boolean tryAcquire(Peer peer) {
        if (all.incrementAndGet() > max) {
            all.decrementAndGet();
            return false;
        }
        if (!users.tryTake(peer.userId())) {
            all.decrementAndGet();
            return false;
        }
        if (!networks.tryTake(peer.network())) {
            users.giveBack(peer.userId());
            all.decrementAndGet();
            return false;
        }
        if (!networks.hasRoom(peer.network()) && mayWarn()) {
            LOG.warn(
                    "an address has as many connections as it may: if it is a proxy's, omni.proxy.trusted is to be set");
        }
        return true;
    }

    /** Once a minute: whoever is at the limit comes and goes. */
    private boolean mayWarn() {
        long now = System.nanoTime();
        long last = warned.get();
        return now - last > WARNING_INTERVAL.toNanos() && warned.compareAndSet(last, now);
    }

    void release(Peer peer) {
        networks.giveBack(peer.network());
        users.giveBack(peer.userId());
        all.decrementAndGet();
    }

    /** What each holder has of a thing. Knows only those who hold something. */
    private record Shares(int max, ConcurrentMap<String, Integer> held) {
        Shares(int max) {
            this(max, new ConcurrentHashMap<>());
        }

        int used(String holder) {
            return held.getOrDefault(holder, 0);
        }

        boolean hasRoom(String holder) {
            return used(holder) < max;
        }

        boolean tryTake(String holder) {
            var taken = new AtomicBoolean();
            held.compute(holder, (same, before) -> {
                int count = before == null ? 0 : before;
                taken.set(count < max);
                return taken.get() ? Integer.valueOf(count + 1) : before;
            });
            return taken.get();
        }

        void giveBack(String holder) {
            held.computeIfPresent(holder, (same, count) -> count == 1 ? null : count - 1);
        }
    }
}
