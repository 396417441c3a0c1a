package dev.omni.stream;

import dev.omni.job.JobEvent;
import dev.omni.job.JobStream;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import io.smallrye.mutiny.subscription.MultiSubscriber;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.function.IntConsumer;
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
 * <p>Subscriptions pull events and write them, in turn, up to a window for the connection, and go on when that has drained.
 * So a slow reader is some positions that lag: it holds a window in memory here, and nobody waits for it. Confined to the
 * connection's event loop, though a job's events may come on any thread.
 */
final class Subscriptions {
    private final int max;
    private final int window;
    private final Executor loop;
    private final Outlet outlet;
    private final Map<JobKey, Subscription> open = new HashMap<>();
    /** With an event that there was no room for yet. */
    private final Queue<Subscription> ready = new ArrayDeque<>();

    private int undrained;
    private boolean writing;
    private boolean closed;

    /** Where messages go. */
    interface Outlet {
        /** Completes when the message has drained, or will not. */
        Uni<Void> send(ServerMessage message);

        /**
         * Writes an event, which goes out with the next flush.
         *
         * @param drained called on the loop, with its size, when it has drained or will not
         * @return its size in bytes
         */
        int write(JobKey job, JobEvent event, IntConsumer drained);

        void flush();

        /** An event that the reader waited for has drained. */
        default void delivered(JobEvent event) {}

        /** Hears of a job that could not be followed. */
        void failed(JobKey job, Throwable failure);
    }

    /**
     * @param window how many bytes may be written before they have drained; the last event of them may go beyond it
     */
    Subscriptions(int max, int window, Executor loop, Outlet outlet) {
        this.max = max;
        this.window = window;
        this.loop = loop;
        this.outlet = outlet;
    }

    /** Follows a job of its user because it has started, unless the client follows it already. */
    void follow(JobKey job, Supplier<Uni<JobStream>> opening) {
        if (closed || open.containsKey(job)) {
            return;
        }
        if (isFull(job)) {
            outlet.send(tooMany(job)).subscribe().with(sent -> {}, gone -> {});
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
            return outlet.send(tooMany(job));
        }
        return opening.get().emitOn(loop).chain(stream -> {
            if (closed) {
                return Uni.createFrom().voidItem();
            }
            if (isFull(job)) {
                return outlet.send(tooMany(job));
            }
            unsubscribe(job);
            Uni<Void> answered = outlet.send(
                            new ServerMessage.Subscribed(job.sandboxId(), job.jobId(), stream.cursor()))
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
        var subscription = new Subscription(job);
        open.put(job, subscription);
        subscription.start(opening);
    }

    private void ready(Subscription subscription) {
        ready.add(subscription);
        if (!writing) {
            write();
        }
    }

    /** Writes what there is room for, the jobs in turn, and sends it off at once. */
    private void write() {
        writing = true;
        boolean written = false;
        while (undrained < window && !ready.isEmpty()) {
            ready.remove().turn();
            written = true;
        }
        writing = false;
        if (written) {
            outlet.flush();
        }
    }

    private void drained(int size) {
        undrained -= size;
        if (!ready.isEmpty() && !writing) {
            // Never at once, so that a reader with much to catch up on leaves room for the others of its event loop.
            writing = true;
            loop.execute(this::write);
        }
    }

    /**
     * One loop. Its identity tells an old loop of a job from the one that replaced it. It is made of callbacks: a stream
     * operator for each event would cost more here than the event itself.
     */
    private final class Subscription implements MultiSubscriber<JobEvent> {
        private final JobKey job;
        private Cancellable opening = () -> {};
        private Flow.@Nullable Subscription events;

        /** Received and not yet written. */
        private @Nullable JobEvent next;

        /** Whether the next event came because there was something new, rather than in a replay. */
        private boolean awaited;

        private boolean begun;
        private boolean inTurn;
        private boolean ended;
        private @Nullable Throwable failure;
        private boolean cancelled;

        Subscription(JobKey job) {
            this.job = job;
        }

        void start(Uni<JobStream> stream) {
            opening = stream.emitOn(loop)
                    .subscribe()
                    .with(
                            opened -> {
                                if (!cancelled) {
                                    opened.events().subscribe().withSubscriber(this);
                                }
                            },
                            this::onFailure);
        }

        void cancel() {
            cancelled = true;
            next = null;
            ready.remove(this);
            opening.cancel();
            if (events != null) {
                events.cancel();
            }
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            events = subscription;
            subscription.request(1);
        }

        @Override
        public void onItem(JobEvent event) {
            if (inTurn) {
                next = event;
            } else {
                loop.execute(() -> {
                    if (!cancelled) {
                        next = event;
                        // The first may have been made for another reader, some time ago.
                        awaited = begun;
                        begun = true;
                        ready(this);
                    }
                });
            }
        }

        /** Writes as long as there are events and room for them. */
        void turn() {
            inTurn = true;
            while (next != null && undrained < window) {
                JobEvent event = next;
                next = null;
                // Not in one expression: it may drain, or be given up, before this returns.
                int size = outlet.write(job, event, awaited ? telling(event) : Subscriptions.this::drained);
                awaited = false;
                undrained += size;
                if (events != null) {
                    events.request(1);
                }
            }
            inTurn = false;
            if (next != null) {
                ready.add(this);
            }
            endIfThrough();
        }

        private IntConsumer telling(JobEvent event) {
            return size -> {
                outlet.delivered(event);
                drained(size);
            };
        }

        @Override
        public void onFailure(Throwable why) {
            loop.execute(() -> {
                failure = why;
                ended = true;
                endIfThrough();
            });
        }

        @Override
        public void onCompletion() {
            loop.execute(() -> {
                ended = true;
                endIfThrough();
            });
        }

        private void endIfThrough() {
            if (ended && next == null && open.remove(job, this) && failure != null) {
                outlet.failed(job, failure);
            }
        }
    }

    private boolean isFull(JobKey job) {
        return open.size() >= max && !open.containsKey(job);
    }

    private static ServerMessage tooMany(JobKey job) {
        return ServerMessage.Failure.of(
                job, "too_many_subscriptions", "this connection follows as many jobs as it may: unsubscribe from one");
    }
}
