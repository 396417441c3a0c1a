package dev.omni.daytona.local;

import io.vertx.core.MultiMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What was asked of this Daytona so far, for tests to look at. */
public final class Traffic {
    private final Map<Operation, Integer> requests = new ConcurrentHashMap<>();
    private final Map<Operation, MultiMap> lastHeaders = new ConcurrentHashMap<>();
    private final AtomicInteger openFollows = new AtomicInteger();

    Traffic() {}

    /** How many requests came for this operation, those met by a fault included. */
    public int requests(Operation operation) {
        return requests.getOrDefault(operation, 0);
    }

    /** A header of the last request for this operation; null when it had none or there was no request. */
    public @Nullable String lastHeader(Operation operation, String name) {
        MultiMap headers = lastHeaders.get(operation);
        return headers == null ? null : headers.get(name);
    }

    /** Log follows open now, over WebSocket or HTTP. */
    public int openFollows() {
        return openFollows.get();
    }

    void record(Operation operation, MultiMap headers) {
        requests.merge(operation, 1, Integer::sum);
        lastHeaders.put(operation, MultiMap.caseInsensitiveMultiMap().addAll(headers));
    }

    void followOpened() {
        openFollows.incrementAndGet();
    }

    void followClosed() {
        openFollows.decrementAndGet();
    }
}
