package dev.omni.problem;

import io.quarkus.security.AuthenticationException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import io.quarkus.vertx.http.runtime.RouteConstants;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Answers failures of routes that are no resources, and of what runs before a resource is found. */
@Singleton
class RouteFailures {
    private final ProblemAnswers answers;
    private final Failures failures;
    private final Refusals refusals;

    RouteFailures(ProblemAnswers answers, Failures failures, Refusals refusals) {
        this.answers = answers;
        this.failures = failures;
        this.refusals = refusals;
    }

    void register(@Observes Router router) {
        router.route().order(RouteConstants.ROUTE_ORDER_AFTER_DEFAULT + 1).failureHandler(this::answer);
    }

    private void answer(RoutingContext context) {
        Throwable failure = context.failure();
        boolean refused = failure instanceof AuthenticationException
                || failure instanceof UnauthorizedException
                || failure instanceof ForbiddenException;
        if (failure != null && HostCheck.isMissing(context.request())) {
            // The router itself stumbles over it, before any filter has run.
            RequestId.assign(context);
            refusals.headers().forEach(context.response()::putHeader);
            answers.send(HostCheck.refusal(), context);
        } else if (refused || context.response().ended()) {
            // Handlers further on turn refusals into the exceptions that ProblemMappers answers.
            context.next();
        } else if (failure != null) {
            answers.send(failures.explain(failure, context), context);
        } else {
            answers.send(failures.ofStatus(context.statusCode()), context);
        }
    }
}
