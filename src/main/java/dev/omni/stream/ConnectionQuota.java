package dev.omni.stream;

import dev.omni.limit.Quota;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;

/** A user's connections and event streams, on this replica: whoever has some on others may have as many there. */
@ApplicationScoped
class ConnectionQuota implements Quota {
    private final Slots slots;
    private final StreamConfig config;

    ConnectionQuota(Slots slots, StreamConfig config) {
        this.slots = slots;
        this.config = config;
    }

    @Override
    public String name() {
        return "connections";
    }

    @Override
    public int limit() {
        return config.maxConnectionsPerUser();
    }

    @Override
    public Uni<Integer> used(String userId) {
        return Uni.createFrom().item(() -> slots.used(userId));
    }
}
