package dev.omni.daytona.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Something launched in a container: a session's shell, a command, a terminal. */
final class Launch {
    /** Only a machine in distress needs longer to fork. */
    private static final int START_SECONDS = 30;

    private final int number;
    private final Path path;
    private final String insidePath;
    private final CompletableFuture<Long> processGroup = new CompletableFuture<>();
    private final CompletableFuture<Integer> exit = new CompletableFuture<>();

    Launch(int number, Path path, String insidePath) {
        this.number = number;
        this.path = path;
        this.insidePath = insidePath;
    }

    int number() {
        return number;
    }

    Path path() {
        return path;
    }

    /** The directory as the launched script sees it. */
    String insidePath() {
        return insidePath;
    }

    /** The pipe that may be the script's stdin. */
    Path in() {
        return path.resolve("in");
    }

    /** The pipe that may be the script's stdout. */
    Path out() {
        return path.resolve("out");
    }

    long processGroup() {
        return processGroup.getNow(-1L);
    }

    boolean isOver() {
        return exit.isDone();
    }

    /** The exit code; -1 when the process was killed or its sandbox stopped. */
    CompletableFuture<Integer> exit() {
        return exit;
    }

    void started(long group) {
        processGroup.complete(group);
    }

    void exited(int code) {
        processGroup.complete(-1L);
        exit.complete(code);
    }

    void awaitStart() throws IOException, InterruptedException {
        try {
            processGroup.get(START_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("Nothing started", e);
        }
    }

    /** Deletes the directory. */
    void forget() throws IOException {
        if (Files.exists(path)) {
            Trees.delete(path);
        }
    }
}
