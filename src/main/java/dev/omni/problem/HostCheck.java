package dev.omni.problem;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Refuses a request that does not say which one host it is for: links in answers are made of it, and HTTP/1.1 wants it. */
@Singleton
class HostCheck {
    /** After the request id, before everything that asks for the host. */
    private static final int EARLY = 9_500;

    private final ProblemAnswers answers;

    HostCheck(ProblemAnswers answers) {
        this.answers = answers;
    }

    void register(@Observes Filters filters) {
        filters.register(this::check, EARLY);
    }

    private void check(RoutingContext context) {
        if (isMissing(context.request())) {
            answers.send(refusal(), context);
        } else {
            context.next();
        }
    }

    static boolean isMissing(HttpServerRequest request) {
        HostAndPort host = request.authority();
        return host == null
                || host.host().isBlank()
                || request.headers().getAll(HttpHeaders.HOST).size() > 1;
    }

    static ProblemException refusal() {
        return ProblemException.invalid("Host", "must be a host, with a port or without");
    }
}
