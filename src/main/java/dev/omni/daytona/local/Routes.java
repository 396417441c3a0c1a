package dev.omni.daytona.local;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.Json;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Routes to handlers that may block: each request has a thread, meets its fault first, and is counted. */
final class Routes {
    private static final Logger LOG = Logger.getLogger(Routes.class);
    /** Above any prompt or script; files do not come this way. */
    private static final long MAX_BODY_BYTES = 64L << 20;

    private static final int TOO_MANY_REQUESTS = 429;

    private final Vertx vertx;
    private final Router router;
    private final Executor threads;
    private final Faults faults;
    private final Throttlers throttlers;
    private final Traffic traffic;

    Routes(Vertx vertx, Router router, Executor threads, Faults faults, Throttlers throttlers, Traffic traffic) {
        this.vertx = vertx;
        this.router = router;
        this.threads = threads;
        this.faults = faults;
        this.throttlers = throttlers;
        this.traffic = traffic;
    }

    /** Handles a request; throws {@link Refusal}. */
    @FunctionalInterface
    interface Handler {
        Reply handle(Exchange exchange) throws IOException, InterruptedException;
    }

    void add(HttpMethod method, String path, Operation operation, Handler handler) {
        router.route(method, path)
                .handler(BodyHandler.create(false).setBodyLimit(MAX_BODY_BYTES))
                .handler(routing -> admit(routing, operation, handler));
    }

    /** The same for a route that reads the body itself; the request comes paused. */
    void addUnread(HttpMethod method, String path, Operation operation, Handler handler) {
        router.route(method, path).handler(routing -> admit(routing, operation, handler));
    }

    /** What no route above is for. */
    void addUnknown() {
        router.route().last().handler(routing -> send(routing, unknownRoute(routing.request())));
        router.errorHandler(
                413,
                routing -> send(routing, Refusal.ofPlane(413, routing.request()).reply(routing.request())));
    }

    private void admit(RoutingContext routing, Operation route, Handler handler) {
        HttpServerRequest request = routing.request();
        if (!request.isEnded()) {
            request.pause(); // until a handler reads it or takes it over
        }
        Context context = vertx.getOrCreateContext();
        Operation operation =
                route == Operation.GET_LOG && "true".equals(request.getParam("follow")) ? Operation.FOLLOW_LOG : route;
        traffic.record(operation, request.headers());
        if (Wire.path(request).startsWith("/api/")) {
            Throttlers.Verdict verdict = throttlers.count(operation);
            verdict.headers().forEach(request.response()::putHeader);
            if (verdict.refused()) {
                send(routing, Refusal.ofPlane(TOO_MANY_REQUESTS, request).reply(request));
                return;
            }
        }
        Fault fault = faults.take(operation, Wire.path(request));
        Exchange exchange = new Exchange(routing, context, fault);
        switch (fault) {
            case Fault.Delay(var delay) ->
                vertx.setTimer(Math.max(1, delay.toMillis()), timer -> run(exchange, handler));
            case Fault.Answer answer -> {
                answer.headers().forEach(request.response()::putHeader);
                send(routing, faultyAnswer(answer, request));
            }
            case Fault.Reset() -> exchange.reset();
            case null, default -> run(exchange, handler);
        }
    }

    private static Reply faultyAnswer(Fault.Answer answer, HttpServerRequest request) {
        String body = answer.body();
        if (body == null) {
            return Refusal.ofPlane(answer.status(), request).reply(request);
        }
        return new Reply.Bytes(answer.status(), "application/json", Buffer.buffer(body));
    }

    private void run(Exchange exchange, Handler handler) {
        threads.execute(() -> {
            Reply first = replyOf(exchange, handler);
            Reply reply = exchange.fault() instanceof Fault.Repeated ? replyOf(exchange, handler) : first;
            if (exchange.fault() instanceof Fault.LostAnswer) {
                exchange.reset();
            } else if (reply instanceof Reply.Upgrade upgrade) {
                converse(exchange, upgrade.conversation());
            } else {
                exchange.context().runOnContext(ignored -> send(exchange.routing(), reply));
                if (reply instanceof Reply.Stream stream) {
                    writeBody(exchange, stream.body());
                }
            }
        });
    }

    private static Reply replyOf(Exchange exchange, Handler handler) {
        try {
            return handler.handle(exchange);
        } catch (Refusal refusal) {
            return refusal.reply(exchange.request());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Reply.Empty(502);
        } catch (IOException | RuntimeException e) {
            LOG.warnf(
                    e,
                    "%s %s failed",
                    exchange.request().method(),
                    exchange.request().path());
            return Refusal.ofPlane(500, exchange.request()).reply(exchange.request());
        }
    }

    private static void converse(Exchange exchange, Reply.Conversation conversation) {
        CompletableFuture<ServerWebSocket> upgraded = new CompletableFuture<>();
        exchange.context()
                .runOnContext(ignored -> exchange.request()
                        .toWebSocket()
                        .onSuccess(socket -> {
                            // Until the conversation has its handlers there; it resumes.
                            socket.pause();
                            upgraded.complete(socket);
                        })
                        .onFailure(upgraded::completeExceptionally));
        try {
            conversation.over(upgraded.get());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            exchange.drop();
        } catch (IOException | ExecutionException | RuntimeException e) {
            LOG.debugf(e, "%s was cut short", exchange.request().path());
            exchange.drop();
        }
    }

    private static void writeBody(Exchange exchange, Reply.Body body) {
        HttpServerResponse response = exchange.request().response();
        try {
            body.writeTo(new ResponseStream(exchange.context(), response));
            exchange.context().runOnContext(ignored -> end(response, null));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            exchange.drop();
        } catch (IOException | RuntimeException e) {
            LOG.debugf(e, "%s was cut short", exchange.request().path());
            exchange.drop();
        }
    }

    private static void send(RoutingContext routing, Reply reply) {
        HttpServerResponse response = routing.response();
        if (response.closed() || response.ended()) {
            return;
        }
        if (!routing.request().isEnded()) {
            // What was not read of a refused body must not stay in the way of the connection's next request.
            routing.request().resume();
        }
        if (Wire.path(routing.request()).startsWith("/api/")) {
            response.putHeader("X-Daytona-Api-Version", LocalDaytona.VERSION);
        }
        switch (reply) {
            case Reply.Json(int status, Object value) -> {
                response.setStatusCode(status).putHeader("Content-Type", "application/json; charset=utf-8");
                end(response, Json.encodeToBuffer(value));
            }
            case Reply.Bytes(int status, String contentType, Buffer body) -> {
                response.setStatusCode(status).putHeader("Content-Type", contentType);
                end(response, body);
            }
            case Reply.Empty(int status) -> end(response.setStatusCode(status), null);
            case Reply.Stream stream -> {
                response.setStatusCode(stream.status());
                stream.headers().forEach(response::putHeader);
                if (!stream.headers().containsKey("Content-Length")) {
                    response.setChunked(true);
                }
                response.writeHead();
            }
            case Reply.Upgrade(Reply.Conversation conversation) -> {}
        }
    }

    private static void end(HttpServerResponse response, @Nullable Buffer body) {
        if (!response.closed() && !response.ended()) {
            if (body == null) {
                response.end();
            } else {
                response.end(body);
            }
        }
    }

    private static Reply unknownRoute(HttpServerRequest request) {
        if (Wire.path(request).startsWith("/api/")) {
            return Refusal.controlPlane(404, "Cannot " + request.method() + " " + request.path())
                    .reply(request);
        }
        return new Reply.Bytes(404, "text/plain", Buffer.buffer("404 page not found"));
    }
}
