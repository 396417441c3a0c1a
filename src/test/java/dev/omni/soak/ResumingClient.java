package dev.omni.soak;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads one job to its end; when its connection ends it connects again and goes on where it was. */
final class ResumingClient {
    /** Where the next connection goes, and after how many messages the client cuts it. */
    record Route(URI service, int atMost) {
        static Route to(URI service) {
            return new Route(service, Integer.MAX_VALUE);
        }
    }

    /** As a good client does, it leaves a server that is in trouble a little time. */
    private static final Duration PAUSE = Duration.ofMillis(20);
    /** How long nothing may come, however often it connects. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Transport transport;
    private final JobAddress job;
    private final Supplier<Route> routes;
    private final Transcript transcript;
    private final AtomicInteger disconnects = new AtomicInteger();

    ResumingClient(Transport transport, JobAddress job, Supplier<Route> routes) {
        this(transport, job, routes, new Transcript());
    }

    ResumingClient(Transport transport, JobAddress job, Supplier<Route> routes, Transcript transcript) {
        this.transport = transport;
        this.job = job;
        this.routes = routes;
        this.transcript = transcript;
    }

    Transcript transcript() {
        return transcript;
    }

    /** How many of its connections ended before the job did. */
    int disconnects() {
        return disconnects.get();
    }

    CompletableFuture<Void> start(Executor threads) {
        return CompletableFuture.runAsync(this::readToTheEnd, threads);
    }

    /** That it has been told what the script printed, once, and the end. */
    void require(Script script) {
        transport.require(transcript, script);
    }

    private void readToTheEnd() {
        Instant progress = Instant.now();
        while (!transcript.hasEnded()) {
            long before = transcript.messages();
            IOException ending = readOnce();
            if (transcript.messages() > before) {
                progress = Instant.now();
            } else if (progress.plus(PATIENCE).isBefore(Instant.now())) {
                throw new AssertionError(
                        "nothing has come of %s for %s behind %s; %s"
                                .formatted(job, PATIENCE, transcript.cursor(), Effort.seed()),
                        ending);
            } else {
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
    }

    private @Nullable IOException readOnce() {
        Route route = routes.get();
        try {
            transport.read(route.service(), job, transcript, route.atMost());
            return null;
        } catch (RefusedException e) {
            return e;
        } catch (IOException e) {
            disconnects.incrementAndGet();
            return e;
        }
    }
}
