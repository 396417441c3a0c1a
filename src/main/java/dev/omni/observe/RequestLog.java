package dev.omni.observe;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * One line per finished request. Never a query string or a header: both can hold tokens. Health probes are left out, they
 * would be most of the log.
 */
class RequestLog {
    private static final Logger LOG = Logger.getLogger("omni.request");

    /** After the request id is there, before anything answers. */
    private static final int EARLY = 9_500;

    void register(@Observes Filters filters) {
        filters.register(RequestLog::watch, EARLY);
    }

    private static void watch(RoutingContext context) {
        if (LOG.isInfoEnabled() && !context.normalizedPath().startsWith("/q/")) {
            long start = System.nanoTime();
            context.addEndHandler(end -> write(context, System.nanoTime() - start, end.failed()));
        }
        context.next();
    }

    private static void write(RoutingContext context, long nanos, boolean aborted) {
        HttpServerRequest request = context.request();
        HttpServerResponse response = context.response();
        LOG.infof(
                "method=%s path=%s status=%d durationMillis=%d bytes=%d%s",
                request.method(),
                context.normalizedPath(),
                response.getStatusCode(),
                TimeUnit.NANOSECONDS.toMillis(nanos),
                response.bytesWritten(),
                aborted ? " aborted=true" : "");
    }
}
