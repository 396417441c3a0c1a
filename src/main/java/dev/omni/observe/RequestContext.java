package dev.omni.observe;

import dev.omni.identity.Caller;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.quarkus.vertx.http.runtime.security.QuarkusHttpUser;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.regex.Pattern;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jspecify.annotations.Nullable;

/** Puts who calls, and what about, into the log context of each request. */
class RequestContext {
    /** Right after authentication (200), so that an upgrade, a refusal and an unknown address have the user too. */
    private static final int AUTHENTICATED = 190;

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,128}");

    void register(@Observes Filters filters) {
        filters.register(RequestContext::user, AUTHENTICATED);
    }

    private static void user(RoutingContext context) {
        if (context.user() instanceof QuarkusHttpUser user
                && !user.getSecurityIdentity().isAnonymous()) {
            LogContext.put(
                    LogContext.USER_ID, Caller.of(user.getSecurityIdentity()).userId());
        }
        context.next();
    }

    @ServerRequestFilter
    public void subject(ContainerRequestContext request) {
        var parameters = request.getUriInfo().getPathParameters();
        String sandboxId = parameters.getFirst("sandboxId");
        put(LogContext.SANDBOX_ID, sandboxId == null ? parameters.getFirst("id") : sandboxId);
        put(LogContext.JOB_ID, parameters.getFirst("jobId"));
    }

    /** What is no id at all is the caller's text, which has no place in a field that people search by. */
    private static void put(String field, @Nullable String id) {
        if (id != null && ID.matcher(id).matches()) {
            LogContext.put(field, id);
        }
    }
}
