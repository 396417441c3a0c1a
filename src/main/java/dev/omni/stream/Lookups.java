package dev.omni.stream;

import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Looks things up in Daytona, a few at a time, and again later where that did not work. However much is announced, this many
 * wait and no more. Confined to one event loop.
 */
final class Lookups {
    private static final Logger LOG = Logger.getLogger(Lookups.class);

    /** Each is a call or two; what clients ask for goes through the same connections. */
    private static final int MAX_RUNNING = 8;

    private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private final Vertx vertx;
    private final Executor loop;
    private final int max;
    private final Runnable caughtUp;
    private final Queue<Lookup> waiting = new ArrayDeque<>();
    private int running;
    /** All that are not done: running, waiting for their turn or for their next attempt. */
    private int undone;

    private int dropped;

    /** @param caughtUp hears when there is room again after something had to be dropped */
    Lookups(Vertx vertx, Executor loop, int max, Runnable caughtUp) {
        this.vertx = vertx;
        this.loop = loop;
        this.max = max;
        this.caughtUp = caughtUp;
    }

    private static final class Lookup {
        private final Supplier<Uni<Boolean>> attempt;
        private Duration pause = FIRST_PAUSE;

        Lookup(Supplier<Uni<Boolean>> attempt) {
            this.attempt = attempt;
        }
    }

    /**
     * Takes a lookup, or says that there are too many.
     *
     * @param attempt says whether it is done; is made again otherwise, ever more slowly
     */
    boolean offer(Supplier<Uni<Boolean>> attempt) {
        if (undone >= max) {
            if (dropped == 0) {
                LOG.warn("More is announced than can be looked up: some announcements are dropped");
            }
            dropped++;
            return false;
        }
        undone++;
        waiting.add(new Lookup(attempt));
        next();
        return true;
    }

    private void next() {
        while (running < MAX_RUNNING && !waiting.isEmpty()) {
            Lookup lookup = waiting.remove();
            running++;
            Uni.createFrom()
                    .deferred(lookup.attempt::get)
                    .subscribe()
                    .with(
                            done -> loop.execute(() -> attempted(lookup, done)),
                            failure -> loop.execute(() -> {
                                LOG.error("An announcement could not be looked up", failure);
                                attempted(lookup, true);
                            }));
        }
    }

    private void attempted(Lookup lookup, boolean done) {
        running--;
        if (done) {
            undone--;
        } else {
            // Between half and all of it, so that replicas which failed together do not ask together.
            long millis = lookup.pause.toMillis();
            vertx.setTimer(
                    millis - ThreadLocalRandom.current().nextLong(millis / 2),
                    timer -> loop.execute(() -> {
                        waiting.add(lookup);
                        next();
                    }));
            Duration longer = lookup.pause.multipliedBy(2);
            lookup.pause = longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
        }
        next();
        // Those between two attempts may be so for long, and what was dropped is told again for a while only.
        if (running == 0 && waiting.isEmpty() && undone < max && dropped > 0) {
            LOG.warnf("%d announcements of other replicas were dropped", dropped);
            dropped = 0;
            caughtUp.run();
        }
    }
}
