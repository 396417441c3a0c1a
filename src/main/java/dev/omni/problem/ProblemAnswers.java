package dev.omni.problem;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.Response;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Shapes a failure into the answer for it, for resources and for what fails before one is reached. */
@Singleton
class ProblemAnswers {
    private static final long HANG_UP_MILLIS = 1_000;

    private final ObjectMapper json;

    ProblemAnswers(ObjectMapper json) {
        this.json = json;
    }

    Response response(ProblemException failure, RoutingContext context) {
        hangUpIfUnread(failure, context);
        Response.ResponseBuilder answer = Response.status(failure.code().status())
                .type(Problem.MEDIA_TYPE)
                .entity(body(failure, context));
        headers(failure).forEach(answer::header);
        return answer.build();
    }

    void send(ProblemException failure, RoutingContext context) {
        hangUpIfUnread(failure, context);
        HttpServerResponse answer = context.response();
        answer.setStatusCode(failure.code().status()).putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE);
        headers(failure).forEach(answer::putHeader);
        answer.end(Buffer.buffer(body(failure, context)));
    }

    /**
     * What is left of a body that is too large is thrown away unread, for as long as the caller needs to see the answer;
     * closing at once could take the answer with it.
     */
    private static void hangUpIfUnread(ProblemException failure, RoutingContext context) {
        if (failure.code() == ProblemCode.TOO_LARGE) {
            context.addEndHandler(end -> {
                HttpServerRequest request = context.request();
                if (!request.isEnded()) {
                    request.handler(unread -> {}).resume();
                }
                context.vertx()
                        .setTimer(HANG_UP_MILLIS, timer -> request.connection().close());
            });
        }
    }

    private byte[] body(ProblemException failure, RoutingContext context) {
        try {
            return json.writeValueAsBytes(Problem.of(failure, context.request().path(), RequestId.current()));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> headers(ProblemException failure) {
        Map<String, String> headers = new LinkedHashMap<>();
        Duration retryAfter = failure.retryAfter();
        if (retryAfter != null) {
            // Rounded up: a caller that waits that long must not come too early.
            headers.put(
                    "Retry-After",
                    Long.toString(Math.max(1, retryAfter.plusNanos(999_999_999).toSeconds())));
        }
        switch (failure.code().status()) {
            case 401 -> headers.put("WWW-Authenticate", "Bearer");
            // What is left of the body is not read, so the connection cannot carry another request.
            case 413 -> headers.put("Connection", "close");
            default -> {}
        }
        return headers;
    }
}
