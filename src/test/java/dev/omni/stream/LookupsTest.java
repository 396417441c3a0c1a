package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LookupsTest {
    private static final int MAX = 100;

    private final Vertx vertx = Vertx.vertx();
    private final Context context = vertx.getOrCreateContext();
    private final AtomicInteger caughtUp = new AtomicInteger();
    private final Lookups lookups =
            new Lookups(vertx, task -> context.runOnContext(ignored -> task.run()), MAX, caughtUp::incrementAndGet);
    private final Queue<UniEmitter<? super Boolean>> running = new ConcurrentLinkedQueue<>();
    private final AtomicInteger begun = new AtomicInteger();

    @AfterEach
    void close() {
        vertx.close();
    }

    @Test
    void whateverIsOfferedOnlyAFewRunAndABoundedNumberWaits() {
        List<Boolean> taken = new ArrayList<>();
        for (int i = 0; i < 3 * MAX; i++) {
            taken.add(offer(this::held));
        }

        assertThat(taken.subList(0, MAX)).containsOnly(true);
        assertThat(taken.subList(MAX, 3 * MAX)).containsOnly(false);
        int atOnce = running.size();
        assertThat(atOnce).isBetween(1, MAX / 2);
        while (begun.get() < MAX || !running.isEmpty()) {
            assertThat(running.size()).isLessThanOrEqualTo(atOnce);
            await().until(() -> !running.isEmpty());
            for (int i = running.size(); i > 0; i--) {
                running.remove().complete(true);
            }
        }
        await().untilAsserted(() -> assertThat(caughtUp).hasValue(1));
        assertThat(begun).hasValue(MAX);
        assertThat(offer(this::held)).isTrue();
    }

    @Test
    void whatDidNotWorkIsTriedAgainUntilItDoesAndHoldsUpNothingMeanwhile() {
        var failing = new AtomicInteger();
        for (int i = 0; i < MAX / 2; i++) {
            offer(() -> Uni.createFrom().item(failing.incrementAndGet() > MAX));
        }

        offer(this::held);

        await().until(() -> !running.isEmpty());
        // Every one of them twice without success, and once with it.
        await().untilAsserted(() -> assertThat(failing).hasValue(MAX + MAX / 2));
        assertThat(caughtUp).hasValue(0);
    }

    @Test
    void oneThatBreaksIsOver() {
        for (int i = 0; i < 10; i++) {
            offer(() -> {
                throw new IllegalStateException("on purpose");
            });
        }

        offer(this::held);

        await().until(() -> !running.isEmpty());
    }

    private Uni<Boolean> held() {
        begun.incrementAndGet();
        return Uni.createFrom().<Boolean>emitter(running::add);
    }

    private boolean offer(Supplier<Uni<Boolean>> lookup) {
        var taken = new CompletableFuture<Boolean>();
        context.runOnContext(ignored -> taken.complete(lookups.offer(lookup)));
        return taken.join();
    }
}
