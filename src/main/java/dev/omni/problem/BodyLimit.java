package dev.omni.problem;

import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.vertx.http.runtime.VertxHttpRecorder;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a body that says it is too large before a byte of it is read. The server's own check does the same with an
 * empty answer, so this one runs before it.
 */
@Singleton
class BodyLimit {
    /** After the request id, before authentication and everything that reads. */
    private static final int EARLY = 9_000;

    /** After the server's own limit for bodies without a length was set. */
    private static final int LATE = 0;

    /** How far the server may have read ahead of {@link StrictJsonReader}, whose refusal should come first. */
    private static final long READ_AHEAD = 1 << 20;

    private final ProblemAnswers answers;
    private final long maxBytes;

    BodyLimit(ProblemAnswers answers, @ConfigProperty(name = "quarkus.http.limits.max-body-size") MemorySize maxBytes) {
        this.answers = answers;
        this.maxBytes = maxBytes.asLongValue();
    }

    static ProblemException tooLarge() {
        return new ProblemException(ProblemCode.TOO_LARGE, "The body is larger than this service takes.");
    }

    void register(@Observes Filters filters) {
        filters.register(this::refuse, EARLY);
        filters.register(this::readAhead, LATE);
    }

    private void refuse(RoutingContext context) {
        if (isTooLong(context.request().getHeader(HttpHeaders.CONTENT_LENGTH))) {
            answers.send(tooLarge(), context);
        } else {
            context.next();
        }
    }

    private boolean isTooLong(@Nullable String length) {
        try {
            return length != null && Long.parseLong(length) > maxBytes;
        } catch (NumberFormatException e) {
            return true;
        }
    }

    private void readAhead(RoutingContext context) {
        if (context.get(VertxHttpRecorder.MAX_REQUEST_SIZE_KEY) != null) {
            context.put(VertxHttpRecorder.MAX_REQUEST_SIZE_KEY, maxBytes + READ_AHEAD);
        }
        context.next();
    }
}
