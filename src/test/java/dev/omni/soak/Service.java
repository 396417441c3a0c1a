package dev.omni.soak;

import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.LocalDaytonaOptions;
import dev.omni.packaged.Issuer;
import dev.omni.packaged.PackagedApplication;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;

/** Replicas of the packaged application in front of a Daytona whose faults a test may switch on. */
final class Service implements AutoCloseable {
    /**
     * So little memory that a server which kept for its readers what they have not read would end at once. Many are started,
     * none runs for long: compiling well would not pay.
     */
    private static final String SMALL = "-Xmx72m -XX:MaxDirectMemorySize=48m -XX:+ExitOnOutOfMemoryError"
            + " -XX:+UseSerialGC -XX:TieredStopAtLevel=1";

    private final Vertx vertx = Vertx.vertx();
    private final LocalDaytona daytona =
            LocalDaytona.start(vertx, new LocalDaytonaOptions().startDelay(Duration.ofMillis(50)));
    private final Issuer issuer = new Issuer();
    private final Map<String, String> settings;
    private final AtomicReferenceArray<PackagedApplication> replicas;

    /** @param own beside what all of them need */
    Service(int replicas, Map<String, String> own) throws Exception {
        settings = issuer.settings(daytona.apiUrl(), daytona.apiKey());
        settings.put("OMNI_STREAM_MAX_CONNECTIONS_PER_USER", "10000");
        settings.put("OMNI_STREAM_MAX_CONNECTIONS_PER_ADDRESS", "10000");
        settings.put("JAVA_TOOL_OPTIONS", SMALL);
        // Long enough for every client to hear of it; a cluster's is longer.
        settings.put("QUARKUS_SHUTDOWN_DELAY", "1S");
        // All of which is waited once there has been a WebSocket: Quarkus counts it as a request that never ends.
        settings.put("QUARKUS_SHUTDOWN_TIMEOUT", "2S");
        settings.put("OMNI_STREAM_DRAIN_SPREAD", "500ms");
        settings.putAll(own);
        this.replicas = new AtomicReferenceArray<>(replicas);
        CompletableFuture.allOf(IntStream.range(0, replicas)
                        .mapToObj(i -> CompletableFuture.runAsync(() -> start(i)))
                        .toArray(CompletableFuture[]::new))
                .join();
    }

    LocalDaytona daytona() {
        return daytona;
    }

    URI replica(int index) {
        return URI.create(replicas.get(index).url("/"));
    }

    /** Somebody nobody has seen before, with a sandbox. */
    Owner owner(String name) {
        return new Owner(() -> issuer.token(name), replica(0));
    }

    /** Ends a replica from one moment to the next. */
    void kill(int index) throws InterruptedException {
        replicas.get(index).kill();
    }

    /** Asks a replica to end, and returns when it has. */
    void terminate(int index) {
        try {
            replicas.get(index).terminate();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Starts a replica in the place of one that has ended. */
    void restart(int index) throws IOException {
        replicas.get(index).close();
        start(index);
    }

    private void start(int index) {
        try {
            replicas.set(index, PackagedApplication.start(settings));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        for (int i = 0; i < replicas.length(); i++) {
            replicas.get(i).close();
        }
        issuer.close();
        daytona.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
