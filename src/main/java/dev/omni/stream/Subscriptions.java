package dev.omni.stream;

import dev.omni.job.JobEvent;
import dev.omni.job.JobStream;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The jobs one connection follows, at most one subscription each.
 *
 * <pre>
 *   follow ──► OPENING ──stream──► FOLLOWING ──done sent──► (gone)
 *                 │                  ▲   │
 *                 └──failed──► (gone)│   └──unsubscribe, replaced, connection closed──► (gone)
 *   subscribe ──stream──► replaces ──┘
 * </pre>
 *
 * <p>A subscription pulls one event, sends it, waits until it has drained, and only then pulls the next. So a slow reader
 * is a position that lags: it holds one message in memory here, and nobody waits for it. Confined to the connection's
 * event loop, though a job's events may come on any thread.
 */
final class Subscriptions {
    private final int max;
    private final Executor loop;
    private final Function<ServerMessage, Uni<Void>> send;
    private final BiConsumer<JobKey, Throwable> failed;
    private final Map<JobKey, Subscription> open = new HashMap<>();
    private boolean closed;

    /** One loop. Its identity tells an old loop of a job from the one that replaced it. */
    private static final class Subscription {
        private @Nullable Cancellable source;

        void cancel() {
            if (source != null) {
                source.cancel();
            }
        }
    }

    /**
     * @param send writes a message; completes when it has drained
     * @param failed hears of a job that could not be followed
     */
    Subscriptions(
            int max, Executor loop, Function<ServerMessage, Uni<Void>> send, BiConsumer<JobKey, Throwable> failed) {
        this.max = max;
        this.loop = loop;
        this.send = send;
        this.failed = failed;
    }

    /** Follows a job of its user because it has started, unless the client follows it already. */
    void follow(JobKey job, Supplier<Uni<JobStream>> opening) {
        if (closed || open.containsKey(job)) {
            return;
        }
        if (isFull(job)) {
            send.apply(tooMany(job)).subscribe().with(sent -> {}, gone -> {});
            return;
        }
        run(job, opening.get());
    }

    /**
     * Follows a job because the client asked. An earlier subscription of the job goes on until the new one stands, and ends
     * before the new one says so. Completes when the answer has been sent.
     */
    Uni<Void> subscribe(JobKey job, Supplier<Uni<JobStream>> opening) {
        if (isFull(job)) {
            return send.apply(tooMany(job));
        }
        return opening.get().emitOn(loop).chain(stream -> {
            if (closed) {
                return Uni.createFrom().voidItem();
            }
            if (isFull(job)) {
                return send.apply(tooMany(job));
            }
            unsubscribe(job);
            Uni<Void> answered = send.apply(new ServerMessage.Subscribed(job.sandboxId(), job.jobId(), stream.cursor()))
                    .memoize()
                    .indefinitely();
            run(job, answered.replaceWith(stream));
            return answered;
        });
    }

    void unsubscribe(JobKey job) {
        Subscription subscription = open.remove(job);
        if (subscription != null) {
            subscription.cancel();
        }
    }

    void close() {
        closed = true;
        open.values().forEach(Subscription::cancel);
        open.clear();
    }

    private void run(JobKey job, Uni<JobStream> opening) {
        var subscription = new Subscription();
        open.put(job, subscription);
        Multi<Void> sends = opening.emitOn(loop)
                .onItem()
                .transformToMulti(JobStream::events)
                .onItem()
                .transformToUniAndConcatenate(event -> sendOnLoop(job, event));
        Cancellable source = sends.subscribe()
                .with(
                        sent -> {},
                        failure -> loop.execute(() -> {
                            if (open.remove(job, subscription)) {
                                failed.accept(job, failure);
                            }
                        }),
                        () -> loop.execute(() -> open.remove(job, subscription)));
        subscription.source = source;
    }

    private Uni<Void> sendOnLoop(JobKey job, JobEvent event) {
        return Uni.createFrom().item(event).emitOn(loop).chain(it -> send.apply(ServerMessage.of(job, it)));
    }

    private boolean isFull(JobKey job) {
        return open.size() >= max && !open.containsKey(job);
    }

    private static ServerMessage tooMany(JobKey job) {
        return ServerMessage.Failure.of(
                job, "too_many_subscriptions", "this connection follows as many jobs as it may: unsubscribe from one");
    }
}
