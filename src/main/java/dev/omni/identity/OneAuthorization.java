package dev.omni.identity;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;

/** Refuses a request with two Authorizations: which of them counts must not depend on whether a proxy or we look. */
class OneAuthorization {
    /** Behind the handshake's carrier of a token (220), before authentication (200). */
    private static final int PRIORITY = 210;

    void register(@Observes Filters filters) {
        filters.register(OneAuthorization::check, PRIORITY);
    }

    private static void check(RoutingContext context) {
        if (context.request().headers().getAll(HttpHeaders.AUTHORIZATION).size() > 1) {
            context.fail(new ProblemException(ProblemCode.UNAUTHENTICATED, "Send one Authorization header only."));
        } else {
            context.next();
        }
    }
}
