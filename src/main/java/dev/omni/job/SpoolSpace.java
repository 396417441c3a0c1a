package dev.omni.job;

import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The disk that all spools of this replica may take together. Whoever finds it taken waits, first come first served, until
 * a spool that nobody needs any more is closed. Daytona keeps what is not read yet, so output then comes late, never
 * incomplete.
 */
final class SpoolSpace {
    private static final Logger LOG = Logger.getLogger(SpoolSpace.class);

    private final long max;
    private final Deque<Share> waiting = new ArrayDeque<>();
    private long taken;

    SpoolSpace(long max) {
        this.max = max;
    }

    /** What one spool has of it. */
    final class Share {
        private long size;
        private long wanted;
        private @Nullable UniEmitter<? super Void> waiter;

        /** Completes when the share has at least this size; one call at a time. */
        Uni<Void> growTo(long bytes) {
            return Uni.createFrom().emitter(emitter -> {
                emitter.onTermination(() -> complete(giveUp(this)));
                if (grow(this, bytes, emitter)) {
                    emitter.complete(null);
                }
            });
        }

        /** Gives everything back. */
        void close() {
            complete(release(this));
        }
    }

    Share share() {
        return new Share();
    }

    synchronized long taken() {
        return taken;
    }

    private synchronized boolean grow(Share share, long bytes, UniEmitter<? super Void> waiter) {
        share.wanted = Math.max(share.size, bytes);
        if (waiting.isEmpty() && fits(share)) {
            grant(share);
            return true;
        }
        if (waiting.isEmpty()) {
            LOG.warnf("The spools take %d of %d bytes: output waits until there is room", taken, max);
        }
        share.waiter = waiter;
        waiting.add(share);
        return false;
    }

    private synchronized List<UniEmitter<? super Void>> giveUp(Share share) {
        share.waiter = null;
        return waiting.remove(share) ? serve() : List.of();
    }

    private synchronized List<UniEmitter<? super Void>> release(Share closed) {
        waiting.remove(closed);
        taken -= closed.size;
        closed.size = 0;
        return serve();
    }

    private List<UniEmitter<? super Void>> serve() {
        List<UniEmitter<? super Void>> granted = new ArrayList<>();
        while (!waiting.isEmpty() && fits(waiting.element())) {
            Share next = waiting.remove();
            grant(next);
            if (next.waiter != null) {
                granted.add(next.waiter);
            }
        }
        return granted;
    }

    // Outside of the lock: those who waited go on at once.
    private static void complete(List<UniEmitter<? super Void>> granted) {
        granted.forEach(waiter -> waiter.complete(null));
    }

    private boolean fits(Share share) {
        return taken + share.wanted - share.size <= max;
    }

    private void grant(Share share) {
        taken += share.wanted - share.size;
        share.size = share.wanted;
    }
}
