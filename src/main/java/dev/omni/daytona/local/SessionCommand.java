package dev.omni.daytona.local;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** A command of a session: its log, its input and how it ended. */
final class SessionCommand {
    private static final String INPUT = "input.pipe";

    private final String id;
    private final String text;
    private final boolean async;
    private final boolean echo;
    private final Path directory;
    private final CommandLog log;
    private final CompletableFuture<Integer> exit = new CompletableFuture<>();
    private volatile boolean exitFetched;
    private volatile boolean deleted;
    private @Nullable FileChannel input;

    SessionCommand(String id, String text, boolean async, boolean echo, Path directory) throws IOException {
        this.id = id;
        this.text = text;
        this.async = async;
        this.echo = echo;
        this.directory = directory;
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("cmd.sh"), text);
        this.log = new CommandLog(directory.resolve("output.log"));
    }

    String id() {
        return id;
    }

    Path directory() {
        return directory;
    }

    CommandLog log() {
        return log;
    }

    boolean isDeleted() {
        return deleted;
    }

    boolean hasEnded() {
        return exit.isDone();
    }

    /** Waits for the end; forever, when the command took its session's shell with it. */
    int awaitExit() throws InterruptedException {
        try {
            return exit.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    JsonObject json() {
        JsonObject json = new JsonObject().put("id", id).put("command", text);
        if (exit.isDone()) {
            exitFetched = true;
            json.put("exitCode", exit.join());
        }
        return json;
    }

    /**
     * What the session's shell reads to run the command. The names of its variables are Daytona's own, since a command
     * can trip over them, and so is a helper process that a bare {@code wait} waits for.
     */
    String wrapper(String insideDirectory) {
        String stdin = async ? "\"$ip\"" : "/dev/null";
        String holdInput = async ? "\"$ip\"" : "/dev/null";
        return "dir=" + Quote.shell(insideDirectory) + "\n" + """
                log="$dir/output.log" sp="$dir/stdout.pipe" ep="$dir/stderr.pipe" ip="$dir/input.pipe"
                mkfifo "$ip" "$sp" "$ep"
                tail -f /dev/null >%s 2>&1 & ip_pid=$!
                . "$dir/cmd.sh" <%s >"$sp" 2>"$ep"
                _ec=$?
                kill "$ip_pid" 2>/dev/null
                wait "$ip_pid" 2>/dev/null
                rm -f "$ip" "$sp" "$ep"
                echo "$_ec" >"$dir/exit_code"
                """.formatted(holdInput, stdin);
    }

    Path pipe(String stream) {
        return directory.resolve(stream + ".pipe");
    }

    /** The exit code the shell wrote; null when it has not, yet. */
    @Nullable
    Integer writtenExitCode() throws IOException {
        Path file = directory.resolve("exit_code");
        String code = Files.exists(file) ? Files.readString(file).strip() : "";
        return code.isEmpty() ? null : Integer.valueOf(code);
    }

    void ended(int code) throws IOException {
        closeInput();
        log.close();
        exit.complete(code);
    }

    void deleted() throws IOException {
        deleted = true;
        closeInput();
        log.close();
    }

    /** Writes to the stdin of a running command. */
    void send(String data) throws IOException {
        if (exit.isDone() && exitFetched) {
            throw Refusal.typed(410, "gone: command has already completed");
        }
        String line = data.endsWith("\n") ? data : data + "\n";
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        FileChannel pipe = openInput();
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
            pipe.write(left);
        }
        if (echo) {
            log.append(ByteBuffer.allocate(Labeler.STDOUT.length + bytes.length)
                    .put(Labeler.STDOUT)
                    .put(bytes)
                    .flip());
        }
    }

    private synchronized FileChannel openInput() throws IOException {
        Path pipe = directory.resolve(INPUT);
        if (!Files.exists(pipe)) {
            throw Refusal.untyped("failed to open input pipe: open " + INPUT + ": no such file or directory");
        }
        if (input == null || !input.isOpen()) {
            // Opened for both ways it never waits for the command to open it; kept open, it keeps what is written.
            input = FileChannel.open(pipe, StandardOpenOption.READ, StandardOpenOption.WRITE);
        }
        return input;
    }

    private synchronized void closeInput() throws IOException {
        if (input != null) {
            input.close();
        }
    }
}
