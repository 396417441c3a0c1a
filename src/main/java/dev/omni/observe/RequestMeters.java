package dev.omni.observe;

import dev.omni.metric.Metric;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Measures requests by route. Who invents addresses or methods makes no series by that: what no route knows is one, and so
 * are the methods that nobody has heard of.
 */
@Singleton
class RequestMeters {
    /** Beside the request log. */
    private static final int EARLY = 9_500;

    /** Where Quarkus notes the template of the resource that takes a request. */
    private static final String TEMPLATE = "UrlPathTemplate";

    /** The one route that is no resource. What it lets through is no request any more. */
    private static final String UPGRADE = "/ws";

    private static final String UNKNOWN_PATH = "NOT_FOUND";
    /** Refused before its route was found: for its method, media type, size or origin. */
    private static final String UNMATCHED = "UNMATCHED";

    private static final String UNKNOWN_METHOD = "OTHER";
    private static final Set<HttpMethod> METHODS = Set.of(
            HttpMethod.GET,
            HttpMethod.HEAD,
            HttpMethod.POST,
            HttpMethod.PUT,
            HttpMethod.PATCH,
            HttpMethod.DELETE,
            HttpMethod.OPTIONS);

    private final MeterRegistry registry;
    private final Map<Answered, Timer> timers = new ConcurrentHashMap<>();

    /** As many as routes, known methods and our own answers can be combined. */
    private record Answered(String method, String uri, int status) {}

    RequestMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    void register(@Observes Filters filters) {
        filters.register(this::watch, EARLY);
    }

    private void watch(RoutingContext request) {
        if (!request.normalizedPath().startsWith("/q/")) {
            Context context = Vertx.currentContext();
            long begun = System.nanoTime();
            request.addEndHandler(end -> answered(request, context, System.nanoTime() - begun));
        }
        request.next();
    }

    private void answered(RoutingContext request, @Nullable Context context, long nanos) {
        int status = request.response().getStatusCode();
        String template = context == null ? null : context.getLocal(TEMPLATE);
        if (template == null && status < 400) {
            // A file, a preflight, or an upgrade: nothing of the API.
            return;
        }
        HttpMethod method = request.request().method();
        var answered = new Answered(
                METHODS.contains(method) ? method.name() : UNKNOWN_METHOD,
                template == null ? withoutTemplate(request, status) : template,
                status);
        timers.computeIfAbsent(answered, this::timer).record(nanos, TimeUnit.NANOSECONDS);
    }

    private static String withoutTemplate(RoutingContext request, int status) {
        if (request.normalizedPath().equals(UPGRADE)) {
            return UPGRADE;
        }
        return status == 404 ? UNKNOWN_PATH : UNMATCHED;
    }

    private Timer timer(Answered answered) {
        return Metric.HTTP_REQUESTS.timer(registry, answered.method(), answered.uri(), answered.status());
    }
}
