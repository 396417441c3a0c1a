package dev.omni.daytona;

import io.smallrye.mutiny.helpers.Subscriptions;
import io.smallrye.mutiny.operators.AbstractMulti;
import io.smallrye.mutiny.subscription.MultiSubscriber;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.impl.ContextInternal;
import io.vertx.core.streams.ReadStream;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A Vert.x stream as a {@code Multi} whose demand reaches the socket: what nobody asked for stays with the sender. Only one
 * buffer beyond the demand is taken from the stream, since the end of a stream shows only when one looks behind its last
 * buffer. Everything happens on the Vert.x context of the subscriber. Each subscription opens a stream of its own.
 */
final class UpstreamStream extends AbstractMulti<Buffer> {
    /** One stream to be, opened once. */
    interface Source {
        /**
         * Opens the stream.
         *
         * @param heard to be run when the other side shows that it lives, beside sending data
         */
        Future<? extends ReadStream<Buffer>> open(Runnable heard);

        /** Gives the other side a reason to answer. */
        void probe();

        /** Why the stream's end is no good end, or null where it is. */
        @Nullable
        Throwable failureAtEnd();

        /** Closes the stream, open or not, at once. */
        void close();

        /** Told once, when nothing more is read, however the stream has ended. */
        default void over() {}
    }

    /**
     * How long to wait for the other side.
     *
     * @param open until the stream is open
     * @param interval between two probes
     * @param silence after a probe, before the stream counts as dead; no longer than the interval. Waiting for us does not
     *     count as silence
     * @param boundsReader whether a reader who asks for nothing for as long counts as gone, too
     */
    record Patience(Duration open, Duration interval, Duration silence, boolean boundsReader) {
        Patience(Duration open, Duration interval, Duration silence) {
            this(open, interval, silence, false);
        }

        Patience {
            silence = silence.compareTo(interval) > 0 ? interval : silence;
        }

        Patience withReader() {
            return new Patience(open, interval, silence, true);
        }
    }

    private final Vertx vertx;
    private final Supplier<Source> sources;
    private final Patience patience;
    private final Function<Throwable, ? extends Throwable> errors;

    UpstreamStream(
            Vertx vertx, Supplier<Source> sources, Patience patience, Function<Throwable, ? extends Throwable> errors) {
        this.vertx = vertx;
        this.sources = sources;
        this.patience = patience;
        this.errors = errors;
    }

    @Override
    public void subscribe(MultiSubscriber<? super Buffer> subscriber) {
        Source source;
        try {
            source = sources.get();
        } catch (RuntimeException e) {
            Subscriptions.fail(subscriber, errors.apply(e));
            return;
        }
        Reading reading = new Reading((ContextInternal) vertx.getOrCreateContext(), source, subscriber);
        subscriber.onSubscribe(reading);
        reading.run(reading::open);
    }

    /** One subscription. Its fields belong to its context's thread. */
    private final class Reading implements Subscription {
        private final ContextInternal context;
        private final Source source;
        private final MultiSubscriber<? super Buffer> subscriber;

        private long demand;
        private @Nullable ReadStream<Buffer> stream;
        private @Nullable Buffer ahead;
        private boolean ended;
        private boolean over;

        private boolean heard = true;
        private long timer;

        Reading(ContextInternal context, Source source, MultiSubscriber<? super Buffer> subscriber) {
            this.context = context;
            this.source = source;
            this.subscriber = subscriber;
        }

        /** Runs on the context: at once when called there. */
        void run(Runnable action) {
            context.emit(action, Runnable::run);
        }

        @Override
        public void request(long n) {
            run(() -> {
                if (over) {
                    return;
                }
                if (n <= 0) {
                    fail(Subscriptions.getInvalidRequestException());
                    return;
                }
                demand = Subscriptions.add(demand, n);
                if (stream != null) {
                    stream.fetch(n);
                }
                Buffer next = ahead;
                if (next != null) {
                    ahead = null;
                    // From here on we wait for the other side again.
                    heard = true;
                    emit(next);
                    if (ended) {
                        end();
                    }
                }
            });
        }

        @Override
        public void cancel() {
            run(() -> {
                if (!over) {
                    stop();
                    source.close();
                }
            });
        }

        void open() {
            if (over) {
                return;
            }
            timer = vertx.setTimer(patience.open().toMillis(), t -> run(() -> late("did not open")));
            source.open(() -> run(() -> heard = true))
                    .onComplete(opened -> run(() -> {
                        if (over) {
                            source.close();
                        } else if (opened.failed()) {
                            fail(opened.cause());
                        } else {
                            read(opened.result());
                        }
                    }));
        }

        private void read(ReadStream<Buffer> stream) {
            vertx.cancelTimer(timer);
            try {
                stream.pause();
                stream.exceptionHandler(e -> run(() -> fail(e)))
                        .endHandler(v -> run(this::atEnd))
                        .handler(buffer -> run(() -> received(buffer)));
            } catch (IllegalStateException closedAlready) {
                fail(new IOException("closed as soon as it was open", closedAlready));
                return;
            }
            this.stream = stream;
            timer = vertx.setTimer(patience.interval().toMillis(), t -> run(this::probe));
            stream.fetch(Subscriptions.add(demand, 1));
        }

        private void received(Buffer buffer) {
            if (over) {
                return;
            }
            heard = true;
            if (demand > 0) {
                emit(buffer);
            } else {
                ahead = buffer;
            }
        }

        private void emit(Buffer buffer) {
            if (demand != Long.MAX_VALUE) {
                demand--;
            }
            subscriber.onItem(buffer);
        }

        private void atEnd() {
            ended = true;
            if (ahead == null) {
                end();
            }
        }

        private void end() {
            if (over) {
                return;
            }
            Throwable failure = source.failureAtEnd();
            if (failure != null) {
                fail(failure);
                return;
            }
            stop();
            subscriber.onCompletion();
        }

        private void fail(Throwable failure) {
            if (!over) {
                stop();
                source.close();
                subscriber.onFailure(errors.apply(failure));
            }
        }

        private void probe() {
            heard = false;
            source.probe();
            timer = vertx.setTimer(patience.silence().toMillis(), t -> run(this::listen));
        }

        private void listen() {
            // While a buffer waits for demand nothing is read, so that nothing can be heard.
            boolean waitsForReader = ahead != null;
            if (heard || (waitsForReader && !patience.boundsReader())) {
                Duration rest = patience.interval().minus(patience.silence());
                timer = vertx.setTimer(Math.max(1, rest.toMillis()), t -> run(this::probe));
            } else {
                late(waitsForReader ? "was not read" : "fell silent");
            }
        }

        private void late(String what) {
            fail(new TimeoutException("The stream " + what + "."));
        }

        private void stop() {
            over = true;
            ahead = null;
            vertx.cancelTimer(timer);
            source.over();
        }
    }
}
