package dev.omni.job;

import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The disk that all spools of this replica may take together, and the part of it that one user's may. Whoever finds it taken
 * waits a while, first come first served, for a spool that nobody needs any more to be closed. Not for ever: those who wait
 * may all be waiting for each other.
 */
final class SpoolSpace {
    private static final Logger LOG = Logger.getLogger(SpoolSpace.class);

    private final long max;
    private final long maxPerUser;
    private final Duration patience;
    private final Map<String, Long> takenByUser = new HashMap<>();
    private final Deque<Share> waiting = new ArrayDeque<>();
    private long taken;

    /** @param patience how long a share may wait before it is refused */
    SpoolSpace(long max, long maxPerUser, Duration patience) {
        this.max = max;
        this.maxPerUser = maxPerUser;
        this.patience = patience;
    }

    /** There was no room for long. */
    static final class NoRoomException extends RuntimeException {
        NoRoomException() {
            super("no room for spools", null, false, false);
        }
    }

    /** What one spool has of it. */
    final class Share {
        private final String user;
        private long size;
        private long wanted;
        private @Nullable UniEmitter<? super Void> waiter;

        private Share(String user) {
            this.user = user;
        }

        /**
         * Completes when the share has at least this size, on any thread, or fails with {@link NoRoomException}. One call at
         * a time.
         */
        Uni<Void> growTo(long bytes) {
            return Uni.createFrom()
                    .deferred(() -> growNow(this, bytes) ? Uni.createFrom().voidItem() : await());
        }

        private Uni<Void> await() {
            return Uni.createFrom()
                    .<Void>emitter(emitter -> {
                        emitter.onTermination(() -> complete(giveUp(this, emitter)));
                        if (growOrWait(this, emitter)) {
                            emitter.complete(null);
                        }
                    })
                    .ifNoItem()
                    .after(patience)
                    .failWith(NoRoomException::new);
        }

        /** Gives everything back. */
        void close() {
            complete(release(this));
        }
    }

    /** @param user whose job it is */
    Share share(String user) {
        return new Share(user);
    }

    synchronized long taken() {
        return taken;
    }

    long max() {
        return max;
    }

    /** How many shares wait for room. */
    synchronized int waiting() {
        return waiting.size();
    }

    private synchronized boolean growNow(Share share, long bytes) {
        share.wanted = Math.max(share.size, bytes);
        if (!userHasRoom(share) || !hasRoom(share) || waiting.stream().anyMatch(this::userHasRoom)) {
            return false;
        }
        grant(share);
        return true;
    }

    private synchronized boolean growOrWait(Share share, UniEmitter<? super Void> waiter) {
        if (growNow(share, share.wanted)) {
            return true;
        }
        if (waiting.isEmpty()) {
            LOG.warnf("The spools take %d of %d bytes: output waits until there is room", taken, max);
        }
        share.waiter = waiter;
        waiting.add(share);
        return false;
    }

    private synchronized List<UniEmitter<? super Void>> giveUp(Share share, UniEmitter<? super Void> waiter) {
        // One that was served ends after the share may have begun to wait anew.
        if (!waiter.equals(share.waiter)) {
            return List.of();
        }
        share.waiter = null;
        return waiting.remove(share) ? serve() : List.of();
    }

    private synchronized List<UniEmitter<? super Void>> release(Share closed) {
        waiting.remove(closed);
        closed.wanted = 0;
        grant(closed);
        return serve();
    }

    private List<UniEmitter<? super Void>> serve() {
        List<UniEmitter<? super Void>> granted = new ArrayList<>();
        for (Iterator<Share> shares = waiting.iterator(); shares.hasNext(); ) {
            Share next = shares.next();
            if (!userHasRoom(next)) {
                // It waits for its own user's, and holds up nobody else.
                continue;
            }
            if (!hasRoom(next)) {
                break;
            }
            shares.remove();
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

    private boolean userHasRoom(Share share) {
        return takenByUser.getOrDefault(share.user, 0L) + share.wanted - share.size <= maxPerUser;
    }

    private boolean hasRoom(Share share) {
        return taken + share.wanted - share.size <= max;
    }

    private void grant(Share share) {
        long more = share.wanted - share.size;
        if (more == 0) {
            return;
        }
        taken += more;
        takenByUser.merge(share.user, more, (before, added) -> before + added == 0 ? null : before + added);
        share.size = share.wanted;
    }
}
