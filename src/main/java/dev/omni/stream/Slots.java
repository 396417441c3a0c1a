package dev.omni.stream;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/** How many connections and event streams there may be on this replica: for each user, for each address, and together. */
@ApplicationScoped
class Slots {
    private static final Logger LOG = Logger.getLogger(Slots.class);

    private final int max;
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
        if (!networks.hasRoom(peer.network())) {
            LOG.warn(
                    "an address has as many connections as it may: if it is a proxy's, quarkus.http.proxy.* is to be set");
        }
        return true;
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
