package dev.omni.limit;

import dev.omni.identity.Caller;
import dev.omni.identity.ClientAddresses;
import io.quarkus.vertx.http.runtime.security.QuarkusHttpUser;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.container.ContainerRequestContext;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/** Lets a signed-in user's call through to its resource, or refuses it before anything was done for it. */
class LimitFilter {
    /** Before the checks of what the call asks for. */
    static final int PRIORITY = 3_000;

    private final RateLimiter limiter;
    private final ClientAddresses addresses;

    LimitFilter(RateLimiter limiter, ClientAddresses addresses) {
        this.limiter = limiter;
        this.addresses = addresses;
    }

    /** Null where there is nothing to wait for: a call of nobody's was counted before it came here. */
    @ServerRequestFilter(priority = PRIORITY)
    public @Nullable Uni<Void> limit(ContainerRequestContext request, RoutingContext context) {
        if (!(context.user() instanceof QuarkusHttpUser user)
                || user.getSecurityIdentity().isAnonymous()) {
            return null;
        }
        return limiter.take(
                        LimitedMethods.policyOf(request),
                        Caller.of(user.getSecurityIdentity()).userId(),
                        addresses.of(context.request()))
                .invoke(decision -> {
                    decision.headers().forEach(context.response()::putHeader);
                    if (!decision.isAllowed()) {
                        throw decision.refusal();
                    }
                })
                .replaceWithVoid();
    }
}
