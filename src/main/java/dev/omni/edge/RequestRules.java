package dev.omni.edge;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.MediaType;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What no address takes: methods that none knows, bodies that are compressed or in another encoding than UTF-8, and other
 * spellings of an address, which a proxy in front would have taken for another one.
 */
@Singleton
class RequestRules {
    /** After the origin's check and the limit of bodies, before authentication. */
    private static final int EARLY = 8_900;

    private static final Set<HttpMethod> METHODS = Set.of(
            HttpMethod.GET,
            HttpMethod.HEAD,
            HttpMethod.POST,
            HttpMethod.PUT,
            HttpMethod.PATCH,
            HttpMethod.DELETE,
            HttpMethod.OPTIONS);

    private static final Pattern CHARSET =
            Pattern.compile(";\\s*charset\\s*=\\s*\"?([^\";\\s]*)", Pattern.CASE_INSENSITIVE);

    void register(@Observes Filters filters) {
        filters.register(RequestRules::check, EARLY);
    }

    private static void check(RoutingContext context) {
        ProblemException refusal = refusal(context.request());
        if (refusal == null) {
            context.next();
            return;
        }
        if (refusal.code() == ProblemCode.METHOD_NOT_ALLOWED) {
            context.response().putHeader(HttpHeaders.ALLOW, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
        }
        context.fail(refusal);
    }

    private static @Nullable ProblemException refusal(HttpServerRequest request) {
        if (!METHODS.contains(request.method())) {
            return new ProblemException(ProblemCode.METHOD_NOT_ALLOWED, "No address knows this method.");
        }
        String path = request.path();
        if (path != null && (path.contains(";") || path.contains("//"))) {
            return new ProblemException(ProblemCode.NOT_FOUND, "There is nothing at this address.");
        }
        String encoding = request.getHeader(HttpHeaders.CONTENT_ENCODING);
        if (encoding != null && !encoding.strip().equalsIgnoreCase("identity")) {
            // Nothing inflates bodies here, so that a small one cannot become a large one.
            return new ProblemException(ProblemCode.UNSUPPORTED_MEDIA_TYPE, "Compressed bodies are not read here.");
        }
        String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
        if (type != null && isJson(type) && !isUtf8(type)) {
            return new ProblemException(ProblemCode.UNSUPPORTED_MEDIA_TYPE, "JSON is read in UTF-8 here.");
        }
        return null;
    }

    /** Other types are refused where a body is read, as what they are. */
    private static boolean isJson(String type) {
        return type.regionMatches(true, 0, MediaType.APPLICATION_JSON, 0, MediaType.APPLICATION_JSON.length());
    }

    private static boolean isUtf8(String type) {
        Matcher charset = CHARSET.matcher(type);
        return !charset.find() || charset.group(1).equalsIgnoreCase(StandardCharsets.UTF_8.name());
    }
}
