package dev.omni.stream;

import jakarta.enterprise.context.ApplicationScoped;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** How many connections and event streams there may be on this replica, for each user and together. */
@ApplicationScoped
class Slots {
    private final StreamConfig config;
    private final ConcurrentMap<String, Integer> byUser = new ConcurrentHashMap<>();
    private final AtomicInteger all = new AtomicInteger();

    Slots(StreamConfig config) {
        this.config = config;
    }

    /** Whether a slot is free just now: refuses early, promises nothing. */
    boolean hasRoom(String userId) {
        return all.get() < config.maxConnections() && used(userId) < config.maxConnectionsPerUser();
    }

    int used(String userId) {
        return byUser.getOrDefault(userId, 0);
    }

    boolean tryAcquire(String userId) {
        if (all.incrementAndGet() > config.maxConnections()) {
            all.decrementAndGet();
            return false;
        }
        var acquired = new AtomicBoolean();
        byUser.compute(userId, (user, used) -> {
            int before = used == null ? 0 : used;
            acquired.set(before < config.maxConnectionsPerUser());
            return acquired.get() ? Integer.valueOf(before + 1) : used;
        });
        if (!acquired.get()) {
            all.decrementAndGet();
        }
        return acquired.get();
    }

    void release(String userId) {
        all.decrementAndGet();
        byUser.computeIfPresent(userId, (user, used) -> used == 1 ? null : used - 1);
    }
}
