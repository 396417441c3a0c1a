package dev.omni.limit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.omni.identity.Caller;
import dev.omni.identity.ClientAddresses;
import io.quarkus.arc.All;
import io.quarkus.security.Authenticated;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.Comparator;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** What the caller may still ask for. */
@Path("/api/v1/limits")
@Authenticated
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Limits", description = "Rate limits and quotas")
class LimitsResource {
    private static final Logger LOG = Logger.getLogger(LimitsResource.class);

    private final RateLimiter limiter;
    private final List<Quota> quotas;
    private final ClientAddresses addresses;
    private final SecurityIdentity identity;

    LimitsResource(RateLimiter limiter, @All List<Quota> quotas, ClientAddresses addresses, SecurityIdentity identity) {
        this.limiter = limiter;
        this.quotas = quotas.stream().sorted(Comparator.comparing(Quota::name)).toList();
        this.addresses = addresses;
        this.identity = identity;
    }

    @GET
    @Operation(
            operationId = "getLimits",
            summary = "Get the caller's rate limits and quotas, and what is left of them",
            description = "Asking takes from no limit but `general`, as every call does.")
    @APIResponse(
            responseCode = "200",
            description = "The limits as they are now",
            content =
                    @Content(
                            schema = @Schema(implementation = CallerLimits.class),
                            examples = @ExampleObject(name = "limits", value = """
                                            {"rates": [{"policy": "create", "per": "user", "limit": 20, "windowSeconds": 60,
                                                        "remaining": 19, "resetSeconds": 3}],
                                             "quotas": [{"name": "sandboxes", "limit": 10, "used": 1}]}""")))
    public Uni<CallerLimits> get(@Context RoutingContext context) {
        String userId = Caller.of(identity).userId();
        return Uni.combine()
                .all()
                .unis(limiter.standings(userId, addresses.of(context.request())), usages(userId))
                .asTuple()
                .map(both -> new CallerLimits(
                        both.getItem1().stream().map(RateLimit::of).toList(), both.getItem2()));
    }

    private Uni<List<Usage>> usages(String userId) {
        return Uni.join()
                .all(quotas.stream().map(quota -> usage(quota, userId)).toList())
                .andFailFast();
    }

    /** What cannot be counted just now is left open: the rest is still worth knowing. */
    private static Uni<Usage> usage(Quota quota, String userId) {
        return quota.used(userId)
                .map(used -> new Usage(quota.name(), quota.limit(), used))
                .onFailure()
                .invoke(failure -> LOG.debugf("How much of %s is used is not known: %s", quota.name(), failure))
                .onFailure()
                .recoverWithItem(() -> new Usage(quota.name(), quota.limit(), null));
    }

    /** What the caller may ask for. */
    record CallerLimits(List<RateLimit> rates, List<Usage> quotas) {}

    /**
     * A rate limit.
     *
     * @param per whose calls are counted together: {@code user} or {@code address}
     * @param limit calls at once, and again over each window
     * @param remaining calls that may follow at once
     * @param resetSeconds until all of them may again
     */
    record RateLimit(String policy, Limit.Per per, long limit, long windowSeconds, long remaining, long resetSeconds) {
        static RateLimit of(Standing standing) {
            Limit limit = standing.limit();
            return new RateLimit(
                    limit.policy().label(),
                    limit.per(),
                    limit.rate().count(),
                    Decision.seconds(limit.rate().time()),
                    standing.left(),
                    standing.left() == limit.rate().count() ? 0 : Decision.seconds(standing.untilFull()));
        }
    }

    /**
     * A quota.
     *
     * @param used absent where it cannot be known just now
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Usage(String name, int limit, @Nullable Integer used) {}
}
