package dev.omni.job;

import dev.omni.job.Cursor.Stage;
import io.smallrye.mutiny.helpers.Subscriptions;
import io.smallrye.mutiny.operators.AbstractMulti;
import io.smallrye.mutiny.subscription.MultiSubscriber;
import io.vertx.core.impl.ContextInternal;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow.Subscription;

/**
 * One reader of a job's log: a cursor that moves when it is asked to. It holds the batch of events that its cursor is in,
 * which it shares with the readers beside it, and nothing else; so a reader that lags costs some tens of kilobytes, and any
 * number of readers that keep up cost one.
 *
 * <p>A subscription belongs to the context it was made for: whoever asks and whoever reads the log, events arrive there.
 */
final class JobReader extends AbstractMulti<JobEvent> {
    private final JobLog log;
    private final Batches batches;
    private final Readers readers;
    private final Cursor start;
    private final ContextInternal context;

    JobReader(JobLog log, Batches batches, Readers readers, Cursor start, ContextInternal context) {
        this.log = log;
        this.batches = batches;
        this.readers = readers;
        // A reader that saw the end and comes back is told the end again: every subscription ends with it.
        this.start = start.stage() == Stage.DONE ? start.at(Stage.FAILURE) : start;
        this.context = context;
    }

    @Override
    public void subscribe(MultiSubscriber<? super JobEvent> subscriber) {
        var reading = new Reading(subscriber);
        readers.joins(reading);
        subscriber.onSubscribe(reading);
    }

    private final class Reading implements Subscription, Readers.Reader {
        private final MultiSubscriber<? super JobEvent> subscriber;

        private Batch batch = Batch.none(start);
        /** Where the batch ends, for whoever asks on another thread. */
        private volatile long reached = start.position().offset();

        private int told;
        private long demand;
        /** Whether events are being told, or something is awaited. */
        private boolean busy;

        private boolean over;
        private Runnable waiting = () -> {};

        Reading(MultiSubscriber<? super JobEvent> subscriber) {
            this.subscriber = subscriber;
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
                if (!busy) {
                    advance();
                }
            });
        }

        @Override
        public void cancel() {
            run(this::end);
        }

        @Override
        public long behind() {
            return Math.max(0, log.spool().length() - reached);
        }

        /** On the context: at once when called there. */
        private void run(Runnable action) {
            context.emit(action, Runnable::run);
        }

        private void end() {
            over = true;
            readers.leaves(this);
            batch = Batch.none(start);
            waiting.run();
        }

        private void fail(Throwable failure) {
            end();
            subscriber.onFailure(failure);
        }

        /** Tells what was asked for. Whoever is told may ask for more, which only prolongs the loop. */
        private void advance() {
            busy = true;
            while (demand > 0 && !over) {
                if (told < batch.events().size()) {
                    tell(batch.events().get(told++));
                } else if (!step(batch.next())) {
                    return;
                }
            }
            busy = false;
        }

        private void tell(JobEvent event) {
            if (demand != Long.MAX_VALUE) {
                demand--;
            }
            subscriber.onItem(event);
        }

        /** Goes on behind a batch. Returns false when that takes a while: then it advances again by itself. */
        private boolean step(Cursor at) {
            // Looked at in this order: once the log is complete, its length no longer changes.
            JobEnd end = log.end();
            boolean complete = log.isComplete();
            long from = at.position().offset();
            long length = log.visible(from);
            long looked = Math.max(from, batch.isEmptyHanded() ? batch.seen() : 0);
            boolean nothingLeft = batch.isEmptyHanded() && batch.last();
            if (complete && from > length && !log.isFull() && end != null && end.isOutputWhole()) {
                fail(Cursor.beyondTheEnd());
                return false;
            }
            if (length > looked || (complete && length > from && !nothingLeft)) {
                return load(at);
            }
            if (!complete) {
                waiting = log.whenMoreThan(looked, from, this::wake);
                return false;
            }
            if (log.isFull() && !at.limitTold() && at.stage().compareTo(Stage.FAILURE) < 0) {
                Cursor after = at.withLimitTold();
                goOn(Batch.none(after));
                tell(log.limitNotice(after));
                return true;
            }
            if (end == null) {
                waiting = log.whenEnded(this::wake);
                return false;
            }
            Closing closing = Closing.next(log.job(), at, end);
            goOn(Batch.none(at.at(closing.stage())));
            tell(closing.event());
            if (closing.stage() == Stage.DONE && !over) {
                end();
                subscriber.onCompletion();
            }
            return true;
        }

        private void goOn(Batch next) {
            batch = next;
            reached = next.next().position().offset();
            told = 0;
        }

        private boolean load(Cursor at) {
            CompletableFuture<Batch> found = batches.at(log, at);
            Batch there = found.isCompletedExceptionally() ? null : found.getNow(null);
            if (there != null) {
                goOn(there);
                return true;
            }
            var unused = found.whenComplete((loaded, failure) -> later(() -> {
                if (failure != null) {
                    fail(failure);
                } else {
                    goOn(loaded);
                    advance();
                }
            }));
            return false;
        }

        private void wake() {
            later(this::advance);
        }

        private void later(Runnable action) {
            context.runOnContext(ignored -> {
                if (!over) {
                    action.run();
                }
            });
        }
    }
}
