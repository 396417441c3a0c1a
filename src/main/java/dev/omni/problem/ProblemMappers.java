package dev.omni.problem;

import io.quarkus.hibernate.validator.runtime.jaxrs.ResteasyReactiveViolationException;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.BadRequestException;
import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Turns whatever a resource call throws, and whatever keeps it from reaching a resource, into a problem document. */
class ProblemMappers {
    private final ProblemAnswers answers;
    private final Failures failures;
    private final Endpoints endpoints;

    ProblemMappers(ProblemAnswers answers, Failures failures, Endpoints endpoints) {
        this.answers = answers;
        this.failures = failures;
        this.endpoints = endpoints;
    }

    @ServerExceptionMapper
    Response problem(ProblemException failure, RoutingContext context) {
        return answer(failure, context);
    }

    @ServerExceptionMapper
    Response unauthenticated(AuthenticationFailedException failure, RoutingContext context) {
        return answer(failure, context);
    }

    @ServerExceptionMapper
    Response unauthenticated(UnauthorizedException failure, RoutingContext context) {
        return answer(failure, context);
    }

    @ServerExceptionMapper
    Response forbidden(ForbiddenException failure, RoutingContext context) {
        return answer(failure, context);
    }

    @ServerExceptionMapper
    Response invalid(
            ResteasyReactiveViolationException failure, ContainerRequestContext request, RoutingContext context) {
        if (Violations.isOurs(failure)) {
            return answer(new IllegalStateException("A resource answered with something invalid", failure), context);
        }
        Endpoint endpoint = Endpoint.of(request);
        return answer(Violations.explain(failure, i -> endpoint == null ? null : endpoint.parameterName(i)), context);
    }

    /** No such address, or one with a value in it that is not of its type. */
    @ServerExceptionMapper
    Response notFound(NotFoundException failure, ContainerRequestContext request, RoutingContext context) {
        return failure.getCause() == null ? answer(failure, context) : unreadableValue(failure, request, context);
    }

    @ServerExceptionMapper
    Response badRequest(BadRequestException failure, ContainerRequestContext request, RoutingContext context) {
        return failure.getCause() == null ? answer(failure, context) : unreadableValue(failure, request, context);
    }

    @ServerExceptionMapper
    Response notAllowed(NotAllowedException failure, RoutingContext context) {
        context.response().putHeader(HttpHeaders.ALLOW, endpoints.allowed(context.normalizedPath()));
        return answer(failure, context);
    }

    @ServerExceptionMapper
    Response web(WebApplicationException failure, RoutingContext context) {
        Response meant = failure.getResponse();
        return meant.getStatus() < 400 ? meant : answer(failure, context);
    }

    @ServerExceptionMapper
    Response any(Throwable failure, RoutingContext context) {
        return answer(failure, context);
    }

    private Response unreadableValue(
            WebApplicationException failure, ContainerRequestContext request, RoutingContext context) {
        Endpoint endpoint = Endpoint.of(request);
        if (failure.getCause() instanceof ProblemException problem) {
            return answer(problem, context);
        }
        return endpoint == null
                ? answer(failure, context)
                : answer(ProblemException.invalid(endpoint.convertedParameters(), "is not of its type"), context);
    }

    private Response answer(Throwable failure, RoutingContext context) {
        return answers.response(failures.explain(failure, context), context);
    }
}
