package dev.omni.daytona;

import dev.omni.daytona.DaytonaException.Kind;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * So many calls at a time and so many waiting, none of them for long; and of either only a share for each user, so that one
 * whose sandboxes are stuck does not take the places of all others. Whoever hangs up leaves at once, from wherever it is.
 *
 * <p>Not SmallRye's: that one knows no shares, has no limit to a wait, and keeps the place of who has gone.
 */
final class Bulkhead {
    /** When a full bulkhead is worth another try. */
    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final Vertx vertx;
    private final int size;
    private final int share;
    private final int maxWaiting;
    private final int waitingShare;
    private final Duration patience;
    private final Runnable refused;

    private final Deque<Turn> queue = new ArrayDeque<>();
    private final Map<String, Integer> runningOf = new HashMap<>();
    private int running;

    /**
     * @param share how many calls of one sharer may run
     * @param patience the longest wait
     * @param onRefused told of every call that gets no turn
     */
    Bulkhead(Vertx vertx, int size, int share, int maxWaiting, Duration patience, Runnable onRefused) {
        this.vertx = vertx;
        this.size = size;
        this.share = Math.min(share, size);
        this.maxWaiting = maxWaiting;
        this.waitingShare = Math.max(1, (int) ((long) maxWaiting * this.share / size));
        this.patience = patience;
        this.refused = onRefused;
    }

    /** Makes the call when it is its turn; fails as {@code UNAVAILABLE} when that takes too long. */
    <T> Uni<T> run(String sharer, Executor context, Uni<T> call) {
        return Uni.createFrom().deferred(() -> {
            Turn turn = turn(sharer);
            return turn.come().emitOn(context).chain(() -> call).onTermination().invoke(turn::leave);
        });
    }

    Turn turn(String sharer) {
        return new Turn(sharer);
    }

    synchronized int running() {
        return running;
    }

    synchronized int waiting() {
        return queue.size();
    }

    private boolean hasRoom(String sharer) {
        return running < size && runningOf.getOrDefault(sharer, 0) < share;
    }

    private void enter(Turn turn) {
        turn.state = Turn.State.RUNNING;
        running++;
        runningOf.merge(turn.sharer, 1, Integer::sum);
    }

    private long waitingOf(String sharer) {
        return queue.stream().filter(turn -> turn.sharer.equals(sharer)).count();
    }

    private List<Turn> enterNext() {
        List<Turn> entered = new ArrayList<>(1);
        for (Iterator<Turn> turns = queue.iterator(); running < size && turns.hasNext(); ) {
            Turn next = turns.next();
            if (hasRoom(next.sharer)) {
                turns.remove();
                enter(next);
                entered.add(next);
            }
        }
        return entered;
    }

    /** A place among those who run, to be waited for. */
    final class Turn {
        private enum State {
            NEW,
            WAITING,
            RUNNING,
            OVER
        }

        private final String sharer;
        private State state = State.NEW;
        private @Nullable UniEmitter<? super Void> emitter;
        private long timer = -1;

        private Turn(String sharer) {
            this.sharer = sharer;
        }

        /** Completes, on any thread, when it is this one's turn. To be subscribed to once. */
        Uni<Void> come() {
            return Uni.createFrom().<Void>emitter(this::ask);
        }

        private void ask(UniEmitter<? super Void> emitter) {
            boolean enters;
            synchronized (Bulkhead.this) {
                if (state != State.NEW) {
                    return;
                }
                enters = hasRoom(sharer);
                if (enters) {
                    enter(this);
                } else if (queue.size() < maxWaiting && waitingOf(sharer) < waitingShare) {
                    state = State.WAITING;
                    this.emitter = emitter;
                    timer = vertx.setTimer(Math.max(1, patience.toMillis()), fired -> giveUp());
                    queue.add(this);
                    return;
                } else {
                    state = State.OVER;
                }
            }
            if (enters) {
                emitter.complete(null);
            } else {
                refuse(emitter);
            }
        }

        /** Gives the place free, whether it was waited for, had or never asked for. From any thread, any number of times. */
        void leave() {
            List<Turn> next = List.of();
            synchronized (Bulkhead.this) {
                State before = state;
                state = State.OVER;
                if (before == State.WAITING) {
                    vertx.cancelTimer(timer);
                    queue.remove(this);
                } else if (before == State.RUNNING) {
                    running--;
                    runningOf.computeIfPresent(sharer, (key, count) -> count == 1 ? null : count - 1);
                    next = enterNext();
                }
            }
            next.forEach(Turn::begin);
        }

        private void begin() {
            vertx.cancelTimer(timer);
            if (emitter != null) {
                emitter.complete(null);
            }
        }

        private void giveUp() {
            synchronized (Bulkhead.this) {
                if (state != State.WAITING) {
                    return;
                }
                state = State.OVER;
                queue.remove(this);
            }
            if (emitter != null) {
                refuse(emitter);
            }
        }

        private void refuse(UniEmitter<? super Void> emitter) {
            refused.run();
            emitter.fail(DaytonaException.notSent(
                    Kind.UNAVAILABLE, "too many calls of its kind are on their way", RETRY_AFTER));
        }
    }
}
