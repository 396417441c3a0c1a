package dev.omni.daytona.local;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Reads a named pipe to its end. */
final class NamedPipe {
    private static final int RETRY_MILLIS = 5;

    private final Path path;
    private volatile boolean opened;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    private NamedPipe(Path path) {
        this.path = path;
    }

    @FunctionalInterface
    interface Reader {
        void read(InputStream in) throws IOException;
    }

    /** Reads in a thread of its own: opening the pipe waits for a writer, and reading for its data. */
    static NamedPipe read(Path path, Executor threads, Reader reader) {
        NamedPipe pipe = new NamedPipe(path);
        threads.execute(() -> {
            try (InputStream in = new FileInputStream(path.toFile())) {
                pipe.opened = true;
                reader.read(in);
                pipe.done.complete(null);
            } catch (IOException | RuntimeException e) {
                pipe.done.completeExceptionally(e);
            }
        });
        return pipe;
    }

    /** Completes at the end of the data. */
    CompletableFuture<Void> done() {
        return done;
    }

    /**
     * Ends the wait for a writer that will never come: opening and closing the other end is an empty one. A writer
     * that did come is not disturbed.
     */
    void abandon() throws InterruptedException {
        while (!opened && !done.isDone() && Files.exists(path)) {
            try {
                RandomAccessFile writer = new RandomAccessFile(path.toFile(), "rw");
                try {
                    Thread.sleep(RETRY_MILLIS);
                } finally {
                    writer.close();
                }
            } catch (IOException e) {
                return; // The pipe was deleted, so nobody waits at it.
            }
        }
    }
}
