package dev.omni.daytona.local;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** The toolbox's calls for terminals. */
final class PtyRoutes {
    private static final int MAX_SIZE = 1000;
    /** Chunks of output that a client may be behind before it is sent away. */
    private static final int MAX_BEHIND = 256;

    private static final short NORMAL = 1000;
    private static final short FAILED = 1011;
    private static final short SLOW = 1008;

    private final Threads threads;

    PtyRoutes(Threads threads) {
        this.threads = threads;
    }

    void register(Toolbox toolbox) {
        toolbox.add(HttpMethod.POST, "/process/pty", Operation.CREATE_PTY, this::create);
        toolbox.add(HttpMethod.GET, "/process/pty", Operation.GET_PTY, (exchange, sandbox, container) -> {
            JsonArray sessions = new JsonArray();
            sandbox.ptys.values().forEach(pty -> sessions.add(pty.json()));
            return Reply.ok(new JsonObject().put("sessions", sessions));
        });
        toolbox.add(
                HttpMethod.GET,
                "/process/pty/:pty",
                Operation.GET_PTY,
                (exchange, sandbox, container) ->
                        Reply.ok(known(exchange, sandbox).json()));
        toolbox.add(HttpMethod.POST, "/process/pty/:pty/resize", Operation.RESIZE_PTY, PtyRoutes::resize);
        toolbox.add(HttpMethod.DELETE, "/process/pty/:pty", Operation.DELETE_PTY, (exchange, sandbox, container) -> {
            known(exchange, sandbox).kill();
            return Reply.ok(new JsonObject().put("message", "PTY session deleted"));
        });
        toolbox.add(HttpMethod.GET, "/process/pty/:pty/connect", Operation.CONNECT_PTY, this::connect);
    }

    private Reply create(Exchange exchange, Sandbox sandbox, Container container)
            throws IOException, InterruptedException {
        JsonObject request = exchange.json(Refusal.errorOnly(400, "invalid request body"));
        String id = request.getString("id", "");
        if (id.isEmpty()) {
            throw Refusal.errorOnly(400, "id is required");
        }
        requireSize(request);
        Pty pty = new Pty(id, request, container, threads.pipes());
        if (sandbox.ptys.putIfAbsent(id, pty) != null) {
            throw Refusal.errorOnly(409, "PTY session with this id already exists");
        }
        // An ended terminal vanishes.
        pty.onExit(code -> sandbox.ptys.remove(id, pty));
        if (!pty.lazyStart) {
            pty.start();
        }
        return new Reply.Json(201, new JsonObject().put("sessionId", id));
    }

    private static Reply resize(Exchange exchange, Sandbox sandbox, Container container)
            throws IOException, InterruptedException {
        JsonObject request = exchange.json(Refusal.errorOnly(400, "invalid request body"));
        requireSize(request);
        Pty pty = sandbox.ptys.get(exchange.path("pty"));
        if (pty == null) {
            throw Refusal.errorOnly(410, "PTY session not found");
        }
        if (!pty.isStarted()) {
            throw Refusal.errorOnly(500, "PTY session is not started");
        }
        pty.resize(request.getInteger("cols", 80), request.getInteger("rows", 24));
        return Reply.ok(pty.json());
    }

    private Reply connect(Exchange exchange, Sandbox sandbox, Container container) {
        if (!exchange.isWebSocket()) {
            throw Refusal.errorOnly(400, "a WebSocket handshake is expected");
        }
        return new Reply.Upgrade(socket -> converse(exchange, sandbox, container, socket));
    }

    private void converse(Exchange exchange, Sandbox sandbox, Container container, ServerWebSocket socket)
            throws IOException, InterruptedException {
        String id = exchange.path("pty");
        Pty pty = sandbox.ptys.get(id);
        if (pty == null) {
            send(
                    exchange,
                    socket,
                    new JsonObject()
                            .put("type", "control")
                            .put("status", "error")
                            .put("error", "Failed to connect to PTY session: PTY session " + id + " not found"));
            exchange.context().runOnContext(ignored -> exchange.drop());
            return;
        }
        sandbox.openSockets.incrementAndGet();
        BlockingQueue<Optional<Buffer>> typed = new LinkedBlockingQueue<>();
        Pty.Client client = client(exchange, socket);
        exchange.context().runOnContext(ignored -> {
            socket.closeHandler(end -> typed.add(Optional.empty()));
            socket.handler(data -> {
                // Typing can wait for a shell that does not read; until then, no more of it.
                socket.pause();
                typed.add(Optional.of(data));
            });
            socket.resume();
        });
        send(exchange, socket, new JsonObject().put("type", "control").put("status", "connected"));
        pty.connect(client);
        try {
            pty.start();
            pty.onExit(code -> exchange.context().runOnContext(ignored -> {
                if (container.isEnded()) {
                    exchange.drop();
                } else if (!socket.isClosed()) {
                    socket.close(code == 0 ? NORMAL : FAILED, exitReason(code).encode());
                }
            }));
            for (Optional<Buffer> data = typed.take(); data.isPresent(); data = typed.take()) {
                pty.type(data.get().getBytes());
                exchange.context().runOnContext(ignored -> socket.resume());
            }
        } finally {
            pty.disconnect(client);
            sandbox.openSockets.decrementAndGet();
        }
    }

    private static Pty.Client client(Exchange exchange, ServerWebSocket socket) {
        Semaphore room = new Semaphore(MAX_BEHIND);
        return bytes -> {
            boolean slow = !room.tryAcquire();
            exchange.context().runOnContext(ignored -> {
                if (socket.isClosed()) {
                    return;
                }
                if (slow) {
                    socket.close(SLOW, "slow consumer");
                } else {
                    socket.writeBinaryMessage(Buffer.buffer(bytes)).onComplete(written -> room.release());
                }
            });
        };
    }

    private static void send(Exchange exchange, ServerWebSocket socket, JsonObject message) {
        exchange.context().runOnContext(ignored -> socket.writeTextMessage(message.encode()));
    }

    private static JsonObject exitReason(int code) {
        JsonObject reason = new JsonObject().put("exitCode", code);
        String text = exitText(code);
        return text == null ? reason : reason.put("exitReason", text);
    }

    private static @Nullable String exitText(int code) {
        return switch (code) {
            case 0 -> null;
            case 130 -> "Ctrl+C";
            case 137 -> "SIGKILL";
            case 143 -> "SIGTERM";
            default -> code > 128 && code < 160 ? "signal " + (code - 128) : "non-zero exit";
        };
    }

    private static void requireSize(JsonObject request) {
        if (request.getInteger("cols", 80) > MAX_SIZE || request.getInteger("rows", 24) > MAX_SIZE) {
            throw Refusal.errorOnly(400, "cols and rows must be at most " + MAX_SIZE);
        }
    }

    private static Pty known(Exchange exchange, Sandbox sandbox) {
        Pty pty = sandbox.ptys.get(exchange.path("pty"));
        if (pty == null) {
            throw Refusal.errorOnly(404, "PTY session not found");
        }
        return pty;
    }
}
