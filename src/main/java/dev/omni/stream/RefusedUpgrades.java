package dev.omni.stream;

import dev.omni.stream.StreamMeters.Refusal;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Counts the handshakes that are refused, whoever refuses them: the framework, for their token or origin, or one of ours. */
@Singleton
class RefusedUpgrades {
    private static final String PATH = "/ws";

    /** Before everything that can refuse one. */
    private static final int EARLY = 9_500;

    private final StreamMeters meters;

    RefusedUpgrades(StreamMeters meters) {
        this.meters = meters;
    }

    void register(@Observes Filters filters) {
        filters.register(this::watch, EARLY);
    }

    private void watch(RoutingContext request) {
        if (request.normalizedPath().equals(PATH)) {
            request.addEndHandler(end -> {
                int status = request.response().getStatusCode();
                if (status >= 400) {
                    meters.refused(reason(status));
                }
            });
        }
        request.next();
    }

    private static Refusal reason(int status) {
        return switch (status) {
            case 400, 404, 405, 426 -> Refusal.MALFORMED;
            case 401 -> Refusal.UNAUTHENTICATED;
            case 403 -> Refusal.ORIGIN;
            case 422, 429 -> Refusal.LIMIT;
            case 503 -> Refusal.DRAINING;
            default -> Refusal.OTHER;
        };
    }
}
