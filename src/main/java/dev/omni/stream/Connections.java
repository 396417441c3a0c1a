package dev.omni.stream;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.omni.job.JobStarted;
import dev.omni.sandbox.SandboxChanged;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** The open connections of this replica, by user. {@link Slots} bounds them. */
@ApplicationScoped
class Connections {
    /** How long a client that has too many should stay away. */
    static final Duration RETRY_AFTER = Duration.ofSeconds(5);

    private final StreamConfig config;
    private final ConcurrentMap<String, Set<Connection>> byUser = new ConcurrentHashMap<>();
    /** For as long as a handshake may take; a flood of jobs pushes the oldest out. */
    private final Cache<UUID, Started> justStarted = Caffeine.newBuilder()
            .maximumSize(1_000)
            .expireAfterWrite(Duration.ofSeconds(10))
            .build();

    private final Set<UniEmitter<? super Void>> waiting = ConcurrentHashMap.newKeySet();
    private final Duration shutdownDelay;
    private final CompletableFuture<Void> allGone = new CompletableFuture<>();
    private volatile boolean draining;

    private record Started(JobStarted job, long at) {}

    Connections(
            StreamConfig config, @ConfigProperty(name = "quarkus.shutdown.delay") Optional<Duration> shutdownDelay) {
        this.config = config;
        this.shutdownDelay = shutdownDelay.orElse(Duration.ZERO);
    }

    /**
     * @param handshake when its handshake was let through, as {@link System#nanoTime()} told it: from then on the client may
     *     count on it, and start a job that is to be followed before it is here
     */
    void add(Connection connection, long handshake) {
        byUser.compute(connection.userId(), (user, open) -> {
            Set<Connection> connections = open == null ? ConcurrentHashMap.newKeySet() : open;
            connections.add(connection);
            return connections;
        });
        // Each looks after it has written down its own part, so that one of the two sees the other.
        justStarted.asMap().values().stream()
                .filter(started -> started.at() - handshake >= 0
                        && started.job().sandbox().owner().equals(connection.userId()))
                .forEach(started ->
                        connection.follow(started.job().sandbox(), started.job().jobId()));
    }

    /** Says whether it was there. */
    boolean remove(Connection connection) {
        var removed = new AtomicBoolean();
        byUser.computeIfPresent(connection.userId(), (user, open) -> {
            removed.set(open.remove(connection));
            return open.isEmpty() ? null : open;
        });
        if (draining && byUser.isEmpty()) {
            allGone.complete(null);
        }
        return removed.get();
    }

    Collection<Connection> of(String userId) {
        return byUser.getOrDefault(userId, Set.of());
    }

    /** Those of a user's connections that were open at a time in the past, as {@link System#nanoTime()} told it. */
    List<Connection> openAt(long time, String userId) {
        return of(userId).stream()
                .filter(connection -> connection.openedAt() - time <= 0)
                .toList();
    }

    boolean isDraining() {
        return draining;
    }

    /** Completes at its turn when this replica shuts down. */
    Uni<Void> whenDraining() {
        return Uni.createFrom().emitter(emitter -> {
            waiting.add(emitter);
            emitter.onTermination(() -> waiting.remove(emitter));
            if (draining) {
                emitter.complete(null);
            }
        });
    }

    /** Every open connection of the sandbox's owner follows the job from its start. */
    void onJobStarted(@Observes JobStarted job) {
        justStarted.put(job.jobId(), new Started(job, System.nanoTime()));
        of(job.sandbox().owner()).forEach(connection -> connection.follow(job.sandbox(), job.jobId()));
    }

    /** Every open connection of the sandbox's owner is told. */
    void onSandboxChanged(@Observes SandboxChanged change) {
        of(change.owner()).forEach(connection -> connection.tell(change));
    }

    /** Sends every client elsewhere, one after the other so that they do not all arrive there at once. */
    void onShutdown(@Observes ShutdownDelayInitiatedEvent shutdown) {
        draining = true;
        List<Consumer<Duration>> leaving = Stream.concat(
                        byUser.values().stream().flatMap(Collection::stream).<Consumer<Duration>>map(it -> it::drain),
                        waiting.stream().<Consumer<Duration>>map(it -> after -> complete(it, after)))
                .toList();
        for (int i = 0; i < leaving.size(); i++) {
            leaving.get(i).accept(turn(i, leaving.size(), spread(config.drainSpread(), shutdownDelay)));
        }
        if (shutdownDelay.isZero()) {
            // Nothing else gives them the time to hear of it.
            awaitAllGone();
        }
    }

    /** Over how long they leave: within the time that there is before everything is closed without a word. */
    static Duration spread(Duration wanted, Duration available) {
        Duration most = available.multipliedBy(3).dividedBy(4);
        return wanted.compareTo(most) < 0 ? wanted : most;
    }

    private void awaitAllGone() {
        try {
            if (!byUser.isEmpty()) {
                allGone.get(config.closeTimeout().toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException late) {
            // Whoever does not take the close in time is cut with the rest.
        }
    }

    private static void complete(UniEmitter<? super Void> stream, Duration after) {
        Uni.createFrom()
                .voidItem()
                .onItem()
                .delayIt()
                .by(after.plusMillis(1))
                .subscribe()
                .with(turn -> stream.complete(null));
    }

    static Duration turn(int index, int count, Duration spread) {
        return spread.multipliedBy(index).dividedBy(count);
    }
}
