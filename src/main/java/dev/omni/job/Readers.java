package dev.omni.job;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** The readers of all logs here, each known by how far it is behind. They are asked only when somebody wants to know. */
final class Readers {
    private final Set<LongSupplier> lags = ConcurrentHashMap.newKeySet();

    /** @param lag the bytes of the log that are there and that it has not come to, asked for on any thread */
    void joins(LongSupplier lag) {
        lags.add(lag);
    }

    void leaves(LongSupplier lag) {
        lags.remove(lag);
    }

    int count() {
        return lags.size();
    }

    long furthestBehind() {
        return lags.stream().mapToLong(LongSupplier::getAsLong).max().orElse(0);
    }
}
