package dev.omni.daytona.local;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/**
 * The threads of a local Daytona.
 *
 * @param requests a virtual thread for each request and session
 * @param pipes a platform thread for each named pipe read from: opening one blocks the thread below a virtual one
 * @param starter the one thread that starts processes, see {@link Container#boot}
 * @param timer for what happens later; nothing in it may block
 */
record Threads(ExecutorService requests, ExecutorService pipes, ExecutorService starter, ScheduledExecutorService timer)
        implements AutoCloseable {
    static Threads start() {
        return new Threads(
                Executors.newVirtualThreadPerTaskExecutor(),
                Executors.newCachedThreadPool(Thread.ofPlatform()
                        .daemon()
                        .name("local-daytona-pipe-", 0)
                        .factory()),
                Executors.newSingleThreadExecutor(Thread.ofPlatform()
                        .daemon()
                        .name("local-daytona-starter")
                        .factory()),
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("local-daytona-timer").factory()));
    }

    @Override
    public void close() {
        timer.shutdownNow();
        requests.shutdownNow();
        starter.shutdownNow();
        pipes.shutdownNow();
    }
}
