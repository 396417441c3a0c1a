package dev.omni.daytona.local;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A terminal: an interactive login shell on a pseudo-terminal, which util-linux's {@code script} makes. Its clients all
 * see what it prints from when they come, and type into it together.
 */
final class Pty {
    private static final int CHUNK = 32 * 1024;
    private static final int KILLED = 137;

    final String id;
    final @Nullable String cwd;
    final Map<String, Object> envs;
    final boolean lazyStart;
    private final Container container;
    private final Executor pipes;
    private final Instant createdAt = Instant.now();
    private final Set<Client> clients = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Integer> exit = new CompletableFuture<>();
    private int cols;
    private int rows;
    private @Nullable Launch launch;
    private @Nullable FileChannel keyboard;
    private volatile boolean killed;

    Pty(String id, JsonObject request, Container container, Executor pipes) {
        this.id = id;
        this.cwd = request.getString("cwd");
        this.envs = request.getJsonObject("envs", new JsonObject()).getMap();
        this.cols = request.getInteger("cols", 80);
        this.rows = request.getInteger("rows", 24);
        this.lazyStart = request.getBoolean("lazyStart", false);
        this.container = container;
        this.pipes = pipes;
    }

    /** Somebody who looks at the terminal. */
    @FunctionalInterface
    interface Client {
        void output(byte[] bytes);
    }

    /** Starts the shell, unless it runs. */
    synchronized void start() throws IOException, InterruptedException {
        if (launch != null) {
            return;
        }
        Launch started = container.prepare();
        container.launch(started, script(started));
        keyboard = FileChannel.open(started.in(), StandardOpenOption.READ, StandardOpenOption.WRITE);
        launch = started;
        NamedPipe screen = NamedPipe.read(started.out(), pipes, this::show);
        CompletableFuture<Void> unused = started.exit().thenAcceptBoth(screen.done(), (code, end) -> ended(code));
    }

    synchronized boolean isStarted() {
        return launch != null;
    }

    void connect(Client client) {
        clients.add(client);
    }

    void disconnect(Client client) {
        clients.remove(client);
    }

    /** Completes with the shell's exit code. */
    void onExit(IntConsumer action) {
        CompletableFuture<Void> unused = exit.thenAccept(action::accept);
    }

    void type(byte[] bytes) throws IOException {
        FileChannel input;
        synchronized (this) {
            input = keyboard;
        }
        if (input != null) {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                input.write(left);
            }
        }
    }

    /** The kernel tells the shell of its new size. */
    void resize(int newCols, int newRows) throws IOException, InterruptedException {
        Launch running;
        synchronized (this) {
            cols = newCols;
            rows = newRows;
            running = launch;
        }
        if (running != null) {
            String tty = Quote.shell(running.insidePath() + "/tty");
            String command = "stty cols " + newCols + " rows " + newRows + " <\"$(cat " + tty + ")\"";
            new Execution(command, null, Map.of()).run(container, pipes, 0);
        }
    }

    void kill() throws IOException {
        killed = true;
        Launch running;
        synchronized (this) {
            running = launch;
        }
        if (running == null) {
            exit.complete(KILLED);
        } else {
            var processes = container.processes(running);
            container.signal(running, "KILL");
            processes.forEach(ProcessHandle::destroyForcibly);
        }
    }

    synchronized JsonObject json() {
        return new JsonObject()
                .put("id", id)
                .put("cwd", cwd == null ? container.confinement().home(container.directory()) : cwd)
                .put("envs", new JsonObject(envs))
                .put("cols", cols)
                .put("rows", rows)
                .put("createdAt", createdAt.toString())
                .put("active", launch != null)
                .put("lazyStart", lazyStart);
    }

    private void show(InputStream screen) throws IOException {
        byte[] chunk = new byte[CHUNK];
        for (int read = screen.read(chunk); read >= 0; read = screen.read(chunk)) {
            byte[] bytes = Arrays.copyOf(chunk, read);
            clients.forEach(client -> client.output(bytes));
        }
    }

    private void ended(int code) {
        exit.complete(killed ? KILLED : code);
    }

    private String script(Launch started) {
        StringBuilder script = new StringBuilder("export TERM=xterm-256color\n");
        envs.forEach((name, value) -> script.append("export ")
                .append(name)
                .append('=')
                .append(Quote.shell(String.valueOf(value)))
                .append('\n'));
        if (cwd != null && !cwd.isEmpty()) {
            script.append("cd -- ").append(Quote.shell(cwd)).append(" || exit 1\n");
        }
        String tty = Quote.shell(started.insidePath() + "/tty");
        // Without a terminal of its own, script makes one that does not echo.
        String shell = "tty >" + tty + "; stty sane cols " + cols + " rows " + rows + "; exec bash -i -l";
        return script.append("exec script -q -e -f -c ")
                .append(Quote.shell(shell))
                .append(" /dev/null <")
                .append(Quote.shell(started.insidePath() + "/in"))
                .append(" >")
                .append(Quote.shell(started.insidePath() + "/out"))
                .append(" 2>&1\n")
                .toString();
    }
}
