package dev.omni.daytona.local;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The toolbox's calls for commands and sessions. */
final class ProcessRoutes {
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String SESSION = "/process/session";
    private static final String COMMAND = SESSION + "/:session/command/:command";

    private final Threads threads;
    private final Traffic traffic;

    ProcessRoutes(Threads threads, Traffic traffic) {
        this.threads = threads;
        this.traffic = traffic;
    }

    void register(Toolbox toolbox) {
        toolbox.add(
                HttpMethod.GET,
                "/version",
                Operation.TOOLBOX_INFO,
                (e, sandbox, container) -> Reply.ok(new JsonObject().put("version", LocalDaytona.VERSION)));
        for (String directory : new String[] {"/work-dir", "/user-home-dir", "/project-dir"}) {
            toolbox.add(
                    HttpMethod.GET,
                    directory,
                    Operation.TOOLBOX_INFO,
                    (e, sandbox, container) -> Reply.ok(
                            new JsonObject().put("dir", container.confinement().home(container.directory()))));
        }
        toolbox.add(HttpMethod.POST, "/process/execute", Operation.EXECUTE, this::execute);
        toolbox.add(HttpMethod.POST, SESSION, Operation.CREATE_SESSION, this::createSession);
        toolbox.add(HttpMethod.GET, SESSION, Operation.LIST_SESSIONS, this::listSessions);
        toolbox.add(
                HttpMethod.GET,
                SESSION + "/:session",
                Operation.GET_SESSION,
                (e, sandbox, container) -> Reply.ok(session(e, sandbox).json()));
        toolbox.add(HttpMethod.DELETE, SESSION + "/:session", Operation.DELETE_SESSION, this::deleteSession);
        toolbox.add(HttpMethod.POST, SESSION + "/:session/exec", Operation.SESSION_EXEC, this::exec);
        toolbox.add(
                HttpMethod.GET,
                COMMAND,
                Operation.GET_COMMAND,
                (e, sandbox, container) -> Reply.ok(command(e, sandbox).json()));
        toolbox.add(HttpMethod.POST, COMMAND + "/input", Operation.SEND_INPUT, this::input);
        toolbox.add(HttpMethod.GET, COMMAND + "/logs", Operation.GET_LOG, this::logs);
    }

    private Reply execute(Exchange exchange, Sandbox sandbox, Container container)
            throws IOException, InterruptedException {
        JsonObject request = exchange.json(Refusal.typed(400, "bad request: invalid request body"));
        String command = request.getString("command", "");
        if (command.isBlank()) {
            throw Refusal.typed(400, "bad request: command is required");
        }
        Map<String, Object> envs =
                request.getJsonObject("envs", new JsonObject()).getMap();
        for (String name : envs.keySet()) {
            if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
                throw Refusal.typed(400, "bad request: invalid environment variable name: " + name);
            }
        }
        Execution execution = new Execution(command, request.getString("cwd"), envs);
        return Reply.ok(execution.run(container, threads.pipes(), request.getInteger("timeout", 0)));
    }

    private Reply createSession(Exchange exchange, Sandbox sandbox, Container container)
            throws IOException, InterruptedException {
        String id = exchange.json(Refusal.typed(400, "bad request: invalid request body"))
                .getString("sessionId", "");
        if (id.isBlank() || id.equals("entrypoint")) {
            throw Refusal.typed(400, "bad request: " + (id.isBlank() ? "sessionId is required" : "reserved sessionId"));
        }
        if (id.contains("/") || id.startsWith(".")) {
            throw Refusal.typed(400, "bad request: the session id is no directory name");
        }
        if (sandbox.sessions.containsKey(id)) {
            throw Refusal.typed(409, "conflict: session already exists");
        }
        ShellSession session = ShellSession.start(id, container, threads.requests(), threads.pipes());
        if (sandbox.sessions.putIfAbsent(id, session) != null) {
            throw Refusal.typed(409, "conflict: session already exists");
        }
        return new Reply.Empty(201);
    }

    private Reply listSessions(Exchange exchange, Sandbox sandbox, Container container) {
        JsonArray sessions = new JsonArray();
        sandbox.sessions.values().forEach(session -> sessions.add(session.json()));
        return Reply.ok(sessions);
    }

    private Reply deleteSession(Exchange exchange, Sandbox sandbox, Container container)
            throws IOException, InterruptedException {
        session(exchange, sandbox).delete();
        sandbox.sessions.remove(exchange.path("session"));
        return new Reply.Empty(204);
    }

    private Reply exec(Exchange exchange, Sandbox sandbox, Container container)
            throws IOException, InterruptedException {
        JsonObject request = exchange.json(Refusal.empty(400));
        String text = request.getString("command", "");
        if (text.isBlank()) {
            throw Refusal.empty(400);
        }
        ShellSession session = sandbox.sessions.get(exchange.path("session"));
        if (session == null) {
            throw Refusal.untyped("failed to execute command: not found: session not found");
        }
        boolean async = request.getBoolean("runAsync", false) || request.getBoolean("async", false);
        boolean echo = !request.getBoolean("suppressInputEcho", false);
        SessionCommand command = session.exec(text, async, echo);
        JsonObject answer = new JsonObject()
                .put("cmdId", command.id())
                .putNull("output")
                .putNull("stdout")
                .putNull("stderr")
                .putNull("exitCode");
        if (async) {
            return new Reply.Json(202, answer);
        }
        answer.put("exitCode", command.awaitExit());
        byte[] log = command.log().content();
        switch (LogFormat.of(exchange)) {
            case COMBINED -> answer.put("output", new String(Labels.remove(log), StandardCharsets.UTF_8));
            case LABELLED -> answer.put("output", new String(log, StandardCharsets.UTF_8));
            case JSON -> answer.mergeIn(json(log));
        }
        return Reply.ok(answer);
    }

    private Reply input(Exchange exchange, Sandbox sandbox, Container container) throws IOException {
        SessionCommand command = command(exchange, sandbox);
        String data = exchange.json(Refusal.typed(400, "bad request: invalid request body"))
                .getString("data", "");
        if (data.isEmpty()) {
            throw Refusal.typed(400, "bad request: data is required");
        }
        command.send(data);
        return new Reply.Empty(204);
    }

    private Reply logs(Exchange exchange, Sandbox sandbox, Container container) throws IOException {
        SessionCommand command = command(exchange, sandbox);
        LogFormat format = LogFormat.of(exchange);
        boolean follow = "true".equals(exchange.query("follow"));
        if (exchange.isWebSocket()) {
            return new Reply.Upgrade(socket -> {
                exchange.context().runOnContext(ignored -> socket.resume());
                StreamSink sink = new StreamSink.OverWebSocket(exchange, socket, container::isEnded);
                LogFollower follower = new LogFollower(container, command, sink, format, exchange.fault());
                follow(sandbox, follower, follow);
            });
        }
        if (follow) {
            // Answered by the runner, which takes the labels out.
            return new Reply.Stream(200, Map.of("Content-Type", "application/octet-stream"), out -> {
                StreamSink sink = new StreamSink.OverHttp(exchange, out);
                LogFollower follower = new LogFollower(container, command, sink, LogFormat.COMBINED, exchange.fault());
                follow(sandbox, follower, true);
            });
        }
        if (format == LogFormat.LABELLED) {
            return raw(command.log().path());
        }
        byte[] log = command.log().content();
        return format == LogFormat.JSON
                ? Reply.ok(json(log))
                : new Reply.Bytes(200, TEXT, Buffer.buffer(Labels.remove(log)));
    }

    private static Reply raw(Path log) throws IOException {
        long size = Files.size(log);
        Map<String, String> headers = Map.of("Content-Type", TEXT, "Content-Length", Long.toString(size));
        return new Reply.Stream(200, headers, out -> {
            try (InputStream in = Files.newInputStream(log)) {
                out.copy(in, size);
            }
        });
    }

    private void follow(Sandbox sandbox, LogFollower follower, boolean whileItGrows)
            throws IOException, InterruptedException {
        sandbox.openSockets.incrementAndGet();
        traffic.followOpened();
        try {
            if (whileItGrows) {
                follower.run();
            } else {
                follower.runOnce();
            }
        } finally {
            traffic.followClosed();
            sandbox.openSockets.decrementAndGet();
        }
    }

    private static JsonObject json(byte[] log) {
        Labels.Separated streams = Labels.separate(log);
        return new JsonObject()
                .put("output", new String(log, StandardCharsets.UTF_8))
                .put("stdout", streams.stdout())
                .put("stderr", streams.stderr());
    }

    private static ShellSession session(Exchange exchange, Sandbox sandbox) {
        ShellSession session = sandbox.sessions.get(exchange.path("session"));
        if (session == null) {
            throw Refusal.typed(404, "not found: session not found");
        }
        return session;
    }

    private static SessionCommand command(Exchange exchange, Sandbox sandbox) {
        SessionCommand command = session(exchange, sandbox).command(exchange.path("command"));
        if (command == null) {
            throw Refusal.typed(404, "not found: command not found");
        }
        return command;
    }
}
