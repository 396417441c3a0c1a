package dev.omni.limit;

import dev.omni.identity.ClientAddresses;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Counts the requests from each address before it is asked who makes them. One that is then counted for its user is taken
 * from this count again, since a user of an address must not use up what the others there need to sign in; whatever else it
 * turns out to be, such as a call of nothing there is, stays.
 */
@Singleton
class EdgeGuard {
    /** After CORS (300), so that a browser may read the refusal; before authentication (200). */
    private static final int BEFORE_AUTHENTICATION = 250;

    private final RateLimiter limiter;
    private final ClientAddresses addresses;

    EdgeGuard(RateLimiter limiter, ClientAddresses addresses) {
        this.limiter = limiter;
        this.addresses = addresses;
    }

    void register(@Observes Filters filters) {
        filters.register(this::count, BEFORE_AUTHENTICATION);
    }

    private void count(RoutingContext context) {
        Decision decision = limiter.takeAtEdge(addresses.of(context.request()));
        if (decision.isAllowed()) {
            context.next();
        } else {
            decision.headers().forEach(context.response()::putHeader);
            context.fail(decision.refusal());
        }
    }
}
