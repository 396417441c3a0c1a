package dev.omni.daytona.local;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** A request that fails, with one of the error bodies that the pieces of Daytona use. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final Shape shape;
    private final String message;

    private enum Shape {
        CONTROL_PLANE,
        MALFORMED_JSON,
        TYPED,
        UNTYPED,
        ERROR_ONLY,
        EMPTY
    }

    private Refusal(int status, Shape shape, String message) {
        super(message, null, false, false);
        this.status = status;
        this.shape = shape;
        this.message = message;
    }

    static Refusal controlPlane(int status, String message) {
        return new Refusal(status, Shape.CONTROL_PLANE, message);
    }

    /** From the control plane's body parser, which knows nothing of the usual shape. */
    static Refusal malformedJson() {
        return new Refusal(400, Shape.MALFORMED_JSON, "Invalid JSON in request body");
    }

    /** From the proxy, the runner and most of the daemon. */
    static Refusal typed(int status, String message) {
        return new Refusal(status, Shape.TYPED, message);
    }

    /** An error the daemon lost the type of: all failures of a session's exec. */
    static Refusal untyped(String message) {
        return new Refusal(500, Shape.UNTYPED, message);
    }

    /** From the terminal and bulk-download handlers. */
    static Refusal errorOnly(int status, String message) {
        return new Refusal(status, Shape.ERROR_ONLY, message);
    }

    /** From the file handlers, which send nothing but the status. */
    static Refusal empty(int status) {
        return new Refusal(status, Shape.EMPTY, "");
    }

    /** The body the plane of this request would send with that status. */
    static Refusal ofPlane(int status, HttpServerRequest request) {
        String phrase = HttpResponseStatus.valueOf(status).reasonPhrase();
        return Wire.path(request).startsWith("/api/")
                ? controlPlane(status, status == 429 ? "ThrottlerException: " + phrase : phrase)
                : typed(status, phrase.toLowerCase(Locale.ROOT));
    }

    Reply reply(HttpServerRequest request) {
        return switch (shape) {
            case CONTROL_PLANE ->
                new Reply.Json(
                        status,
                        new JsonObject()
                                .put("path", request.uri())
                                .put("timestamp", Wire.now())
                                .put("statusCode", status)
                                .put("error", HttpResponseStatus.valueOf(status).reasonPhrase())
                                .put("message", message));
            case MALFORMED_JSON ->
                new Reply.Json(
                        status,
                        new JsonObject()
                                .put("statusCode", status)
                                .put("message", message)
                                .put("error", "Bad Request"));
            case TYPED -> new Reply.Json(status, typedBody(status, message, code(status), request));
            case UNTYPED ->
                new Reply.Json(
                        status,
                        new JsonObject()
                                .put("statusCode", status)
                                .put("message", message)
                                .put("timestamp", "0001-01-01T00:00:00Z")
                                .put("path", ""));
            case ERROR_ONLY -> new Reply.Json(status, new JsonObject().put("error", message));
            case EMPTY -> new Reply.Empty(status);
        };
    }

    static JsonObject typedBody(int status, String message, String code, HttpServerRequest request) {
        return new JsonObject()
                .put("statusCode", status)
                .put("message", message)
                .put("code", code)
                .put("timestamp", Instant.now().truncatedTo(ChronoUnit.MICROS).toString())
                .put("path", pathInsideSandbox(Wire.path(request)))
                .put("method", request.method().name());
    }

    private static String code(int status) {
        return switch (status) {
            case 400 -> "BAD_REQUEST";
            case 401 -> "UNAUTHORIZED";
            case 403 -> "FORBIDDEN";
            case 404 -> "NOT_FOUND";
            case 408 -> "REQUEST_TIMEOUT";
            case 409 -> "CONFLICT";
            case 410 -> "GONE";
            case 422 -> "UNPROCESSABLE_ENTITY";
            default -> "INTERNAL_SERVER_ERROR";
        };
    }

    /** The daemon sees the path behind {@code /toolbox/{sandboxId}}. */
    private static String pathInsideSandbox(String path) {
        int id = path.indexOf('/', 1);
        int rest = id < 0 ? -1 : path.indexOf('/', id + 1);
        return rest < 0 ? path : path.substring(rest);
    }
}
