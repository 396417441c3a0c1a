package dev.omni.daytona.local;

import io.vertx.core.http.HttpMethod;
import java.io.IOException;

/** The way to a sandbox's toolbox: past the proxy, which checks access, and the runner, which needs it started. */
final class Toolbox {
    private static final String SKIP_ACTIVITY = "X-Daytona-Skip-Last-Activity-Update";
    /** The runner looks three times for the address of a container that is not there. */
    private static final int LOOK_FOR_CONTAINER_MILLIS = 300;

    private final Routes routes;
    private final Guard guard;

    Toolbox(Routes routes, Guard guard) {
        this.routes = routes;
        this.guard = guard;
    }

    @FunctionalInterface
    interface Handler {
        Reply handle(Exchange exchange, Sandbox sandbox, Container container) throws IOException, InterruptedException;
    }

    void add(HttpMethod method, String path, Operation operation, Handler handler) {
        routes.add(method, "/toolbox/:sandbox" + path, operation, exchange -> pass(exchange, handler));
    }

    void addUnread(HttpMethod method, String path, Operation operation, Handler handler) {
        routes.addUnread(method, "/toolbox/:sandbox" + path, operation, exchange -> pass(exchange, handler));
    }

    private Reply pass(Exchange exchange, Handler handler) throws IOException, InterruptedException {
        Sandbox sandbox = guard.requireAccess(exchange, exchange.path("sandbox"));
        Container container = sandbox.container;
        if (container == null || sandbox.state != SandboxState.STARTED) {
            return notRunning(sandbox);
        }
        if (!"true".equals(exchange.header(SKIP_ACTIVITY))) {
            sandbox.touch();
        }
        return handler.handle(exchange, sandbox, container);
    }

    private static Reply notRunning(Sandbox sandbox) throws InterruptedException {
        return switch (sandbox.state) {
            case PENDING_BUILD, BUILDING_SNAPSHOT, CREATING, STARTING -> new Reply.Empty(502);
            case ARCHIVED, ARCHIVING, RESTORING ->
                throw Refusal.typed(
                        400,
                        "bad request: failed to get runner info: Sandbox with ID " + sandbox.id
                                + " does not have a runner");
            default -> {
                Thread.sleep(LOOK_FOR_CONTAINER_MILLIS);
                throw Refusal.typed(
                        400,
                        "bad request: failed to resolve container IP after 3 attempts: no IP address found."
                                + " Is the Sandbox started?");
            }
        };
    }
}
