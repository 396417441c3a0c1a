package dev.omni.daytona;

import static org.awaitility.Awaitility.await;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Reads a stream one request at a time, when the test says so. */
final class Reader implements Flow.Subscriber<Buffer> {
    private final Queue<Buffer> buffers = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();
    private final Set<Context> contexts = ConcurrentHashMap.newKeySet();
    private volatile Flow.@Nullable Subscription subscription;
    private volatile @Nullable Throwable failure;
    private volatile boolean completed;

    static Reader of(Flow.Publisher<Buffer> stream) {
        Reader reader = new Reader();
        stream.subscribe(reader);
        return reader;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        this.subscription = subscription;
    }

    @Override
    public void onNext(Buffer item) {
        buffers.add(item);
        contexts.add(Vertx.currentContext());
        count.incrementAndGet();
    }

    @Override
    public void onError(Throwable failure) {
        this.failure = failure;
    }

    @Override
    public void onComplete() {
        completed = true;
    }

    Reader request(long n) {
        subscription().request(n);
        return this;
    }

    void cancel() {
        subscription().cancel();
    }

    int count() {
        return count.get();
    }

    Set<Context> contexts() {
        return contexts;
    }

    boolean isOver() {
        return completed || failure != null;
    }

    Buffer bytes() {
        Buffer all = Buffer.buffer();
        buffers.forEach(all::appendBuffer);
        return all;
    }

    void awaitCount(int count) {
        await().atMost(Duration.ofSeconds(5)).until(() -> this.count.get() >= count);
    }

    void awaitCompletion() {
        await().atMost(Duration.ofSeconds(10)).until(() -> completed);
    }

    DaytonaException awaitFailure() {
        await().atMost(Duration.ofSeconds(5)).until(() -> failure != null);
        return (DaytonaException) Objects.requireNonNull(failure);
    }

    private Flow.Subscription subscription() {
        return Objects.requireNonNull(subscription);
    }
}
