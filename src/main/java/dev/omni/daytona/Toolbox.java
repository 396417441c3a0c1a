package dev.omni.daytona;

import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The toolbox of one sandbox: sessions, their commands and logs, and files. Fails with {@link DaytonaException}s; a
 * toolbox knows no sandboxes, so an unknown one is {@code REFUSED} and a stopped one {@code NOT_RUNNING}.
 */
public interface Toolbox {
    /** The sandbox user's home directory, absolute. */
    Uni<String> homeDirectory();

    /** Fails as {@code CONFLICT} when the session exists. */
    Uni<Void> createSession(String sessionId);

    /** Kills what the session runs and deletes its logs. A session that is gone is a success. */
    Uni<Void> deleteSession(String sessionId);

    /** All sessions, in no order. */
    Uni<List<Session>> sessions();

    /** Fails as {@code NOT_FOUND}. */
    Uni<Session> session(String sessionId);

    /**
     * Starts a command in a session without waiting for it.
     *
     * @return the command's id
     */
    Uni<String> start(String sessionId, String command);

    /** The command's record; its exit code is the only source of truth for how it ended. Fails as {@code NOT_FOUND}. */
    Uni<Session.Command> command(String sessionId, String commandId);

    /**
     * Writes to a running command's stdin; a newline is added where there is none.
     *
     * @param data not empty
     */
    Uni<Void> input(String sessionId, String commandId, String data);

    /**
     * The raw log of a command (every line behind three marker bytes) from its first byte, and on as it grows. Demand
     * reaches Daytona's socket. Completes when Daytona closes the stream, which may be early, late or never, and says
     * nothing about the command; fails when the stream breaks. Cancelling closes the socket.
     */
    Multi<Buffer> followLog(String sessionId, String commandId);

    /** The raw log of a command as it is now, from its first byte, read over HTTP with demand. */
    Multi<Buffer> readLog(String sessionId, String commandId);

    /**
     * The same for a client, who may read as slowly as it likes: takes no place from those who have a job to end, and fails
     * when the client reads nothing for long.
     */
    Multi<Buffer> readOutput(String sessionId, String commandId);

    /**
     * Runs a short command of our own outside any session.
     *
     * @param timeout enforced by Daytona, in whole seconds
     */
    Uni<Execution> execute(String command, Map<String, String> env, Duration timeout);

    /** Writes a file, creating its parent directories. */
    Uni<Void> upload(String path, Buffer content);

    /** Reads a small file. Fails as {@code NOT_FOUND}, and as {@code FAILED} when it is larger than {@code maxBytes}. */
    Uni<Buffer> download(String path, int maxBytes);

    /** How a {@linkplain #execute short command} ended. */
    record Execution(int exitCode, String output) {}
}
