package dev.omni.observe;

import static dev.omni.TestUsers.token;
import static dev.omni.TestUsers.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.awaitility.Awaitility.await;

import dev.omni.RawHttp;
import io.quarkus.rest.client.reactive.QuarkusRestClientBuilder;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.vertx.core.Vertx;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;
import org.junit.jupiter.api.Test;

/** A log line says whose work it belongs to, wherever that work goes. */
@QuarkusTest
class LogContextTest {
    private static final Logger LOG = Logger.getLogger("omni.test.background");
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Inject
    Vertx vertx;

    /** A client of the service itself. */
    @Path("/test-probe")
    interface Client {
        @GET
        @Path("/open")
        @Produces(MediaType.APPLICATION_JSON)
        Uni<String> open();
    }

    @Test
    void everyLineOfARequestCarriesItsFieldsThoughManyRunAtOnce() throws Exception {
        int requests = 8;
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            tokens.add(token("user-" + i));
        }
        try (LogLines log = new LogLines("omni");
                var clients = Executors.newFixedThreadPool(requests)) {
            CountDownLatch start = new CountDownLatch(1);
            List<CompletableFuture<Void>> calls = new ArrayList<>();
            for (int i = 0; i < requests; i++) {
                int n = i;
                calls.add(CompletableFuture.runAsync(
                        () -> {
                            awaitQuietly(start);
                            with(tokens.get(n))
                                    .header("X-Request-Id", "wander-" + n)
                                    .get("/test-probe/box-" + n + "/wander?steps=5")
                                    .then()
                                    .statusCode(200);
                        },
                        clients));
            }
            start.countDown();
            calls.forEach(CompletableFuture::join);

            for (int n = 0; n < requests; n++) {
                String id = "wander-" + n;
                await().atMost(PATIENCE).until(() -> log.of(id).size() == 22);
                assertThat(log.of(id))
                        .allSatisfy(line -> assertThat(line.fields())
                                .containsOnly(
                                        entry("requestId", id),
                                        entry("userId", "user-" + id.substring(7)),
                                        entry("sandboxId", "box-" + id.substring(7))));
                assertThat(log.of(id).getLast().message())
                        .matches("method=GET path=/test-probe/box-%d/wander status=200 durationMillis=\\d+ bytes=7"
                                .formatted(n));
            }
        }
    }

    @Test
    void jobsAreNamedByTheirPath() {
        String job = "0198c0de-0000-7000-8000-000000000001";
        try (LogLines log = new LogLines("omni.test.probe")) {
            with(token("alice")).header("X-Request-Id", "job-1").get("/test-probe/box/jobs/" + job);
            assertThat(log.of("job-1"))
                    .singleElement()
                    .satisfies(line -> assertThat(line.fields())
                            .containsEntry("sandboxId", "box")
                            .containsEntry("jobId", job));
        }
    }

    @Test
    void backgroundWorkCarriesTheFieldsItWasGivenThroughDelaysWorkersAndClients() {
        Client client = QuarkusRestClientBuilder.newBuilder()
                .baseUri(URI.create("http://127.0.0.1:" + RawHttp.port()))
                .build(Client.class);
        try (LogLines log = new LogLines("omni.test.background")) {
            List<Uni<String>> works = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Map<String, String> fields = Map.of(LogContext.REQUEST_ID, "bg-" + i, LogContext.JOB_ID, "job-" + i);
                works.add(LogContext.inNewContext(vertx, fields, () -> {
                    LOG.info("start");
                    return Uni.createFrom()
                            .item("x")
                            .onItem()
                            .delayIt()
                            .by(Duration.ofMillis(5))
                            .invoke(() -> LOG.info("delayed"))
                            .emitOn(Infrastructure.getDefaultWorkerPool())
                            .invoke(() -> LOG.info("pool"))
                            .chain(x -> Uni.createFrom()
                                    .completionStage(() -> vertx.executeBlocking(() -> {
                                                LOG.info("worker");
                                                return x;
                                            })
                                            .toCompletionStage()))
                            .chain(x -> client.open())
                            .invoke(() -> LOG.info("called"))
                            .onItem()
                            .delayIt()
                            .by(Duration.ofMillis(5))
                            .invoke(() -> LOG.info("end"));
                }));
            }
            Uni.join().all(works).andFailFast().await().atMost(PATIENCE);

            for (int i = 0; i < 4; i++) {
                assertThat(log.of("bg-" + i))
                        .extracting(LogLines.Line::message)
                        .containsExactly("start", "delayed", "pool", "worker", "called", "end");
                String job = "job-" + i;
                assertThat(log.of("bg-" + i))
                        .allSatisfy(line -> assertThat(line.fields()).containsEntry("jobId", job));
            }
        }
    }

    @Test
    void backgroundWorkEndsWhenNobodyWantsItsResult() {
        AtomicBoolean started = new AtomicBoolean();
        AtomicBoolean cancelled = new AtomicBoolean();
        var subscription = LogContext.inNewContext(
                        vertx,
                        Map.of(),
                        () -> Uni.createFrom()
                                .<String>emitter(forever -> started.set(true))
                                .onCancellation()
                                .invoke(() -> cancelled.set(true)))
                .subscribe()
                .with(item -> {});
        await().atMost(PATIENCE).untilTrue(started);
        subscription.cancel();
        await().atMost(PATIENCE).untilTrue(cancelled);
    }

    @Test
    void backgroundWorkThatCannotStartFails() {
        assertThat(LogContext.inNewContext(vertx, Map.of(), () -> {
                            throw new IllegalStateException("no");
                        })
                        .onFailure()
                        .recoverWithItem(failure -> "failed: " + failure.getMessage())
                        .await()
                        .atMost(PATIENCE))
                .isEqualTo("failed: no");
    }

    @Test
    void aFieldPutOutsideOfAnyWorkDoesNotStick() {
        LogContext.put(LogContext.USER_ID, "nobody");
        assertThat(MDC.get(LogContext.USER_ID)).isNull();
        assertThat(LogContext.fields()).isEmpty();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
