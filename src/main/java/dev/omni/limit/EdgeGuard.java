package dev.omni.limit;

import dev.omni.identity.ClientAddress;
import dev.omni.identity.ClientAddresses;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.quarkus.vertx.http.runtime.security.QuarkusHttpUser;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Counts the requests from each address before it is asked who makes them, and stops counting those that somebody signed in
 * has made: they have limits of their own, and one user of an address must not use up what the others there need to sign in.
 */
@Singleton
class EdgeGuard {
    /** After CORS (300), so that a browser may read the refusal; before authentication (200). */
    private static final int BEFORE_AUTHENTICATION = 250;

    private static final int AUTHENTICATED = 195;

    private final RateLimiter limiter;
    private final ClientAddresses addresses;

    EdgeGuard(RateLimiter limiter, ClientAddresses addresses) {
        this.limiter = limiter;
        this.addresses = addresses;
    }

    void register(@Observes Filters filters) {
        filters.register(this::count, BEFORE_AUTHENTICATION);
        filters.register(this::giveBack, AUTHENTICATED);
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

    private void giveBack(RoutingContext context) {
        if (context.user() instanceof QuarkusHttpUser user
                && !user.getSecurityIdentity().isAnonymous()) {
            ClientAddress address = addresses.of(context.request());
            limiter.giveBack(address);
        }
        context.next();
    }
}
