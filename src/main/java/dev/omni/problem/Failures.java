package dev.omni.problem;

import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.WebApplicationException;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.ClientWebApplicationException;
import org.jose4j.jwt.consumer.InvalidJwtException;

/** Gives any failure its place in the error model, and writes it down once. */
@Singleton
class Failures {
    private static final Logger LOG = Logger.getLogger("omni.problem");

    private static final String TRY_AGAIN = "Please try again; if it keeps happening, tell us the request id.";

    /** The problem a failure is answered as. Where the caller has gone, the failure is mostly the caller's going. */
    ProblemException explain(Throwable failure, RoutingContext context) {
        ProblemException problem = classify(failure);
        if (context.response().closed()) {
            LOG.debug("Failed after the caller went", failure);
            return problem;
        }
        switch (problem.code().status()) {
            case 500 -> LOG.error("Unexpected failure", failure);
            case 502, 503, 504 -> LOG.warnf("%s: %s", problem.code().code(), describe(failure));
            default -> LOG.debugf("Refused: %s: %s", problem.code().code(), problem.detail());
        }
        return problem;
    }

    /** The problem for a status that came without a failure. */
    ProblemException ofStatus(int status) {
        return switch (status) {
            case 401 -> unauthenticated();
            case 403 -> new ProblemException(ProblemCode.FORBIDDEN, "The caller may not do this.");
            case 404 -> new ProblemException(ProblemCode.NOT_FOUND, "There is nothing at this address.");
            case 405 -> new ProblemException(ProblemCode.METHOD_NOT_ALLOWED, "The address does not know this method.");
            case 406 ->
                new ProblemException(
                        ProblemCode.NOT_ACCEPTABLE, "The Accept header allows nothing that can be sent here.");
            case 413 -> BodyLimit.tooLarge();
            case 415 ->
                new ProblemException(
                        ProblemCode.UNSUPPORTED_MEDIA_TYPE, "The Content-Type is not one that is read here.");
            default ->
                status >= 400 && status < 500
                        ? new ProblemException(ProblemCode.VALIDATION_FAILED, "The request cannot be understood.")
                        : new ProblemException(ProblemCode.INTERNAL_ERROR, TRY_AGAIN);
        };
    }

    private ProblemException classify(Throwable failure) {
        return switch (failure) {
            case ProblemException problem -> problem;
            case AuthenticationFailedException refused -> isExpired(refused) ? expired() : unauthenticated();
            case UnauthorizedException anonymous -> unauthenticated();
            case ForbiddenException forbidden -> ofStatus(403);
            // What a server we called answered is not what we answer.
            case ClientWebApplicationException upstream ->
                new ProblemException(ProblemCode.UPSTREAM_ERROR, TRY_AGAIN, null, upstream);
            case WebApplicationException web -> ofStatus(web.getResponse().getStatus());
            case TimeoutException slow -> timeout(slow);
            case io.smallrye.mutiny.TimeoutException slow -> timeout(slow);
            default -> new ProblemException(ProblemCode.INTERNAL_ERROR, TRY_AGAIN, null, failure);
        };
    }

    private static ProblemException unauthenticated() {
        return new ProblemException(ProblemCode.UNAUTHENTICATED, "Send a valid token as Authorization: Bearer.");
    }

    private static ProblemException expired() {
        return new ProblemException(ProblemCode.TOKEN_EXPIRED, "Send a token that has not expired.");
    }

    private static ProblemException timeout(Throwable cause) {
        return new ProblemException(ProblemCode.UPSTREAM_TIMEOUT, "Please try again.", null, cause);
    }

    private static boolean isExpired(Throwable refused) {
        for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidJwtException jwt) {
                return jwt.hasExpired();
            }
        }
        return false;
    }

    private static String describe(Throwable failure) {
        StringBuilder chain = new StringBuilder();
        int depth = 0;
        for (Throwable cause = failure; cause != null && depth < 5; cause = cause.getCause(), depth++) {
            chain.append(depth == 0 ? "" : " <- ").append(cause);
        }
        return chain.toString();
    }
}
