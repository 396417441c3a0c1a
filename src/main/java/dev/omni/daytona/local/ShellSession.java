package dev.omni.daytona.local;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** A long-lived shell that runs its commands in itself, one after the other. */
final class ShellSession {
    private static final Logger LOG = Logger.getLogger(ShellSession.class);
    /** In Daytona the pipe to the shell is the limit, which holds about as many. */
    private static final int MAX_QUEUED = 256;

    private static final int POLL_MILLIS = 2;
    private static final int LIVENESS_SECONDS = 1;
    private static final int DELETE_POLL_MILLIS = 100;
    private static final int DELETE_POLLS = 50;

    private final String id;
    private final Container container;
    private final Launch shell;
    private final FileChannel stdin;
    private final Executor pipes;
    private final Path directory;
    private final String insideDirectory;
    private final Map<String, SessionCommand> commands = new ConcurrentHashMap<>();
    private final BlockingQueue<SessionCommand> queue = new ArrayBlockingQueue<>(MAX_QUEUED);

    private ShellSession(String id, Container container, Launch shell, FileChannel stdin, Executor pipes) {
        this.id = id;
        this.container = container;
        this.shell = shell;
        this.stdin = stdin;
        this.pipes = pipes;
        String sessions = ".daytona/sessions/" + id;
        this.directory = container.directory().resolve("home").resolve(sessions);
        this.insideDirectory = container.confinement().home(container.directory()) + "/" + sessions;
    }

    /**
     * Starts the shell.
     *
     * @param threads has a thread for the session
     * @param pipes has threads for what its commands write
     */
    static ShellSession start(String id, Container container, Executor threads, Executor pipes)
            throws IOException, InterruptedException {
        Launch shell = container.prepare();
        container.launch(shell, "exec bash <" + Quote.shell(shell.insidePath() + "/in") + " >/dev/null 2>&1\n");
        // Opened for both ways: neither this nor a write ever waits for, or fails because of, the shell.
        FileChannel stdin = FileChannel.open(shell.in(), StandardOpenOption.READ, StandardOpenOption.WRITE);
        ShellSession session = new ShellSession(id, container, shell, stdin, pipes);
        Trees.delete(session.directory);
        Files.createDirectories(session.directory);
        threads.execute(session::runCommands);
        return session;
    }

    JsonObject json() {
        JsonArray list = new JsonArray();
        commands.values().forEach(command -> list.add(command.json()));
        return new JsonObject().put("sessionId", id).put("commands", list);
    }

    @Nullable
    SessionCommand command(String commandId) {
        return commands.get(commandId);
    }

    Container container() {
        return container;
    }

    /** Takes a command; it runs when those before it have ended. */
    SessionCommand exec(String text, boolean async, boolean echo) throws IOException {
        if (shell.isOver()) {
            throw Refusal.untyped("failed to execute command: write |1: broken pipe");
        }
        String commandId = UUID.randomUUID().toString();
        SessionCommand command = new SessionCommand(commandId, text, async, echo, directory.resolve(commandId));
        commands.put(commandId, command);
        if (!queue.offer(command)) {
            throw Refusal.untyped("failed to execute command: too many commands are waiting");
        }
        return command;
    }

    /** Ends what runs, politely for up to 5 s, and deletes the logs. */
    void delete() throws IOException, InterruptedException {
        Collection<ProcessHandle> processes = container.processes(shell);
        container.signal(shell, "TERM");
        processes.forEach(ProcessHandle::destroy);
        for (int i = 0; i < DELETE_POLLS && processes.stream().anyMatch(ProcessHandle::isAlive); i++) {
            Thread.sleep(DELETE_POLL_MILLIS);
        }
        container.signal(shell, "KILL");
        processes.forEach(ProcessHandle::destroyForcibly);
        for (SessionCommand command : commands.values()) {
            command.deleted();
        }
        CompletableFuture<Void> unused = shell.exit().thenRun(this::deleteFiles);
    }

    private void deleteFiles() {
        try {
            stdin.close();
            Trees.delete(directory);
            shell.forget();
        } catch (IOException e) {
            LOG.debugf(e, "Files of session %s stay", id);
        }
    }

    private void runCommands() {
        try {
            while (!shell.isOver()) {
                SessionCommand next = queue.poll(LIVENESS_SECONDS, TimeUnit.SECONDS);
                if (next != null) {
                    run(next);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | ExecutionException e) {
            LOG.warnf(e, "Session %s takes no more commands", id);
        }
    }

    private void run(SessionCommand command) throws IOException, InterruptedException, ExecutionException {
        ByteBuffer wrapper = ByteBuffer.wrap(
                command.wrapper(insideDirectory + "/" + command.id()).getBytes(StandardCharsets.UTF_8));
        while (wrapper.hasRemaining()) {
            stdin.write(wrapper);
        }
        while (!Files.exists(command.pipe("stderr"))) {
            if (shell.isOver()) {
                return;
            }
            Thread.sleep(POLL_MILLIS);
        }
        NamedPipe stdout = label(command, "stdout", Labeler.STDOUT);
        NamedPipe stderr = label(command, "stderr", Labeler.STDERR);
        CompletableFuture<Void> drained = CompletableFuture.allOf(stdout.done(), stderr.done());
        CompletableFuture.anyOf(drained, shell.exit()).get();
        if (shell.isOver()) {
            stdout.abandon();
            stderr.abandon();
        }
        drained.get();
        // The shell writes the code after it has closed the pipes; one that is gone never does.
        Integer code = command.writtenExitCode();
        while (code == null && !shell.isOver()) {
            Thread.sleep(POLL_MILLIS);
            code = command.writtenExitCode();
        }
        if (code != null) {
            command.ended(code);
        }
    }

    private NamedPipe label(SessionCommand command, String stream, byte[] label) {
        Labeler labeler = new Labeler(label, command.log(), command.directory().resolve(stream + ".line"));
        return NamedPipe.read(command.pipe(stream), pipes, labeler::copy);
    }
}
