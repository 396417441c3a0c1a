package dev.omni.problem;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jboss.logging.MDC;
import org.jspecify.annotations.Nullable;

/**
 * The id that ties a response, its log lines and the calls made upstream for it together: the caller's if it is sane,
 * else a new one.
 */
public final class RequestId {
    public static final String HEADER = "X-Request-Id";

    /** The log field (MDC key) the id is kept under. */
    public static final String LOG_FIELD = "requestId";

    private static final Pattern SANE = Pattern.compile("[A-Za-z0-9._-]{1,128}");

    /** Before everything that can answer, so that a refused or unknown request has its id too. */
    private static final int FIRST = 10_000;

    private RequestId() {}

    /** The id of the request being worked on; null in background work that no request asked for. */
    public static @Nullable String current() {
        return (String) MDC.get(LOG_FIELD);
    }

    static final class Assigner {
        void register(@Observes Filters filters) {
            filters.register(
                    context -> {
                        assign(context);
                        context.next();
                    },
                    FIRST);
        }
    }

    /** Gives a request its id. */
    static void assign(RoutingContext context) {
        String given = context.request().getHeader(HEADER);
        String id = given != null && SANE.matcher(given).matches()
                ? given
                : UUID.randomUUID().toString();
        MDC.put(LOG_FIELD, id);
        context.response().putHeader(HEADER, id);
    }
}
