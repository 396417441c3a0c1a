package dev.omni.edge;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.quarkus.vertx.http.runtime.cors.CORSFilter;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Lets pages call only from the origins of {@code quarkus.http.cors.origins} and the service's own, handshakes of WebSockets
 * included. Quarkus checks the same list later and answers preflights; this one is there before anything else can refuse, so
 * that a page may read every refusal, and says no in the words of this service.
 */
@Singleton
class OriginCheck {
    /** After the request's id and the request log, before whatever else can refuse. */
    private static final int EARLY = 9_400;

    private static final List<String> ANY = List.of("*", "/.*/");

    private final List<String> origins;
    private final List<Pattern> patterns;
    private final boolean any;
    private final String exposed;

    OriginCheck(
            @ConfigProperty(name = "quarkus.http.cors.origins") Optional<List<String>> origins,
            @ConfigProperty(name = "quarkus.http.cors.exposed-headers") List<String> exposed) {
        this.origins = origins.orElse(List.of());
        this.patterns = CORSFilter.parseAllowedOriginsRegex(origins);
        this.any = this.origins.size() == 1 && ANY.contains(this.origins.getFirst());
        this.exposed = String.join(",", exposed);
    }

    void register(@Observes Filters filters) {
        filters.register(this::check, EARLY);
    }

    private void check(RoutingContext context) {
        HttpServerRequest request = context.request();
        var headers = context.response().headers();
        headers.set(HttpHeaders.VARY, HttpHeaders.ORIGIN);
        List<String> given = request.headers().getAll(HttpHeaders.ORIGIN);
        if (given.isEmpty()) {
            context.next();
        } else if (given.size() == 1 && isAllowed(given.getFirst(), request)) {
            headers.set(HttpHeaders.ACCESS_CONTROL_ALLOW_ORIGIN, given.getFirst());
            headers.set(HttpHeaders.ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
            context.next();
        } else {
            context.fail(new ProblemException(ProblemCode.FORBIDDEN, "Pages of this origin may not call."));
        }
    }

    private boolean isAllowed(String origin, HttpServerRequest request) {
        return any
                || origins.contains(origin)
                || CORSFilter.isOriginAllowedByRegex(patterns, origin)
                || origin.equals(request.scheme() + "://" + request.authority());
    }
}
