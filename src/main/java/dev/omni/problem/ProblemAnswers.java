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

/** Shapes a failure into the answer for it, for resources and for what fails before one is reached. */
@Singleton
class ProblemAnswers {
    private static final long HANG_UP_MILLIS = 1_000;

    private final ObjectMapper json;

    ProblemAnswers(ObjectMapper json) {
        this.json = json;
    }

    Response response(ProblemException failure, RoutingContext context) {
        prepare(failure, context);
        return Response.status(failure.code().status())
                .type(Problem.MEDIA_TYPE)
                .entity(body(failure, context))
                .build();
    }

    void send(ProblemException failure, RoutingContext context) {
        prepare(failure, context);
        context.response()
                .setStatusCode(failure.code().status())
                .putHeader(HttpHeaders.CONTENT_TYPE, Problem.MEDIA_TYPE)
                .end(Buffer.buffer(body(failure, context)));
    }

    /** Sets the headers of the answer itself, where each replaces what the framework may have put there. */
    private static void prepare(ProblemException failure, RoutingContext context) {
        context.put(Problem.ANSWERED, failure.code());
        HttpServerResponse answer = context.response();
        Long retryAfter = Problem.retryAfterSeconds(failure);
        if (retryAfter != null) {
            answer.putHeader(HttpHeaders.RETRY_AFTER, retryAfter.toString());
        }
        switch (failure.code().status()) {
            case 401 -> answer.putHeader("WWW-Authenticate", "Bearer");
            case 408, 413 -> hangUp(context);
            default -> {}
        }
    }

    /**
     * What is left of a body that is too large or too slow is thrown away unread, for as long as the caller needs to see the answer;
     * closing at once could take the answer with it.
     */
    private static void hangUp(RoutingContext context) {
        context.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        context.addEndHandler(end -> {
            HttpServerRequest request = context.request();
            if (!request.isEnded()) {
                request.handler(unread -> {}).resume();
            }
            context.vertx()
                    .setTimer(HANG_UP_MILLIS, timer -> request.connection().close());
        });
    }

    private byte[] body(ProblemException failure, RoutingContext context) {
        try {
            return json.writeValueAsBytes(Problem.of(failure, context.normalizedPath(), RequestId.current()));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
