package dev.omni.job;

import dev.omni.daytona.Toolbox;
import dev.omni.job.JobMeters.Reattach;
import dev.omni.job.JobMeters.Truncation;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * Copies a command's raw log into a spool while it grows. Daytona's follow stream may end early or late, break, or fall
 * silent while its socket lives; so bytes are counted, a stream that ended is attached again, one that has been quiet for
 * long is replaced by another, and what is known already is skipped. Belongs to one context.
 */
final class LogCopy {
    private static final Logger LOG = Logger.getLogger(LogCopy.class);

    /** A quiet stream is replaced more and more rarely, up to this, as long as its replacements bring nothing. */
    private static final Duration MAX_QUIET = Duration.ofMinutes(1);

    /** Every replacement replays the log: a long one is given this many bytes per second of further patience. */
    private static final long REPLAY_BYTES_PER_SECOND = 8L << 20;

    /** The ids of timers begin at 0. */
    private static final long NO_TIMER = -1;

    private final Vertx vertx;
    private final JobRef job;
    private final Toolbox toolbox;
    private final Spool spool;
    private final JobConfig config;
    private final JobMeters meters;
    private final Runnable grown;

    private String commandId = "";
    private volatile boolean full;
    private volatile long lineEnd;
    private boolean stopped;
    /** Whether bytes are on their way into the spool, which may have to wait for room: it is not the stream that is quiet. */
    private boolean storing;

    private int fruitless;
    private int quiet;
    private Cancellable following = () -> {};
    /** Runs while attached until the stream counts as quiet, and otherwise until the next try. */
    private long timer = NO_TIMER;

    /** @param grown called on the context when there is more to read, or nothing more to come */
    LogCopy(Vertx vertx, JobRef job, Spool spool, JobConfig config, JobMeters meters, Runnable grown) {
        this.vertx = vertx;
        this.job = job;
        this.toolbox = job.sandbox().toolbox();
        this.spool = spool;
        this.config = config;
        this.meters = meters;
        this.grown = grown;
    }

    /** Whether the spool holds as much as it may: the log may go on, the copy does not. */
    boolean isFull() {
        return full;
    }

    /** The place behind the last newline of the copy. */
    long lineEnd() {
        return lineEnd;
    }

    /** Follows the log of a command until stopped; of another one, where the job turns out to be that. */
    void follow(String commandId) {
        this.commandId = commandId;
        detach();
        attach();
    }

    /** Ends following; what is copied stays. */
    void stop() {
        stopped = true;
        detach();
    }

    /** Copies what the whole log has beyond the copy. To be used once following has stopped. */
    Uni<Void> complete() {
        return append(toolbox.readLog(job.sessionId(), commandId));
    }

    private void detach() {
        following.cancel();
        vertx.cancelTimer(timer);
    }

    private void attach() {
        if (stopped || full) {
            return;
        }
        long before = spool.length();
        following = append(toolbox.followLog(job.sessionId(), commandId))
                .subscribe()
                .with(ignored -> attachAgain(before, Reattach.ENDED), failure -> {
                    LOG.debugf("The follow stream of job %s broke: %s", job.id(), failure);
                    attachAgain(before, Reattach.BROKEN);
                });
        timer = vertx.setTimer(patience().toMillis(), id -> replace(before));
    }

    private void attachAgain(long before, Reattach cause) {
        vertx.cancelTimer(timer);
        // Only attempts that brought nothing count: a long job may lose its stream any number of times.
        fruitless = spool.length() > before ? 1 : fruitless + 1;
        timer = vertx.setTimer(Backoff.millis(fruitless), id -> {
            if (!stopped && !full) {
                meters.reattached(cause);
                attach();
            }
        });
    }

    /** Nobody can tell a command that prints nothing from a stream that is stuck, but another stream. */
    private void replace(long before) {
        if (spool.length() > before || storing) {
            quiet = 0;
            long now = spool.length();
            timer = vertx.setTimer(patience().toMillis(), id -> replace(now));
        } else {
            quiet++;
            meters.reattached(Reattach.QUIET);
            following.cancel();
            attach();
        }
    }

    private Duration patience() {
        Duration wanted = config.quietAfter().multipliedBy(1L << Math.min(quiet, 16));
        Duration bounded = wanted.compareTo(MAX_QUIET) > 0 ? MAX_QUIET : wanted;
        return bounded.plusSeconds(spool.length() / REPLAY_BYTES_PER_SECOND);
    }

    /** Adds to the spool what a replay of the log has beyond it. */
    private Uni<Void> append(Multi<Buffer> replay) {
        return Uni.createFrom().deferred(() -> {
            long[] seen = {0};
            return replay.select()
                    .first(bytes -> !full)
                    .onItem()
                    .transformToUniAndConcatenate(bytes -> {
                        long from = seen[0];
                        seen[0] += bytes.length();
                        long known = Math.max(0, spool.length() - from);
                        if (known >= bytes.length()) {
                            return Uni.createFrom().voidItem();
                        }
                        return store(known == 0 ? bytes : bytes.slice((int) known, bytes.length()));
                    })
                    .onItem()
                    .ignoreAsUni();
        });
    }

    private Uni<Void> store(Buffer bytes) {
        long room = config.spool().maxPerJob().asLongValue() - spool.length();
        boolean fits = bytes.length() <= room;
        Buffer stored = fits ? bytes : bytes.slice(0, (int) Math.max(0, room));
        // Only what has been written counts: an append that is cancelled is done again, at the same place.
        Uni<Void> written = stored.length() == 0 ? Uni.createFrom().voidItem() : spool.append(stored);
        storing = true;
        long arrived = System.nanoTime();
        return written.onTermination()
                .invoke(() -> storing = false)
                .onItem()
                .invoke(() -> {
                    meters.stored(stored.length(), arrived);
                    int newline = lastNewline(stored);
                    if (newline >= 0) {
                        lineEnd = spool.length() - stored.length() + newline + 1;
                    }
                    if (!fits) {
                        fill(Truncation.JOB_LIMIT, "its output is larger than may be kept");
                    }
                    grown.run();
                })
                .onFailure(SpoolSpace.NoRoomException.class)
                .recoverWithUni(() -> {
                    fill(Truncation.NO_ROOM, "there is no room for more output on this replica");
                    grown.run();
                    return Uni.createFrom().voidItem();
                });
    }

    private static int lastNewline(Buffer bytes) {
        int at = bytes.length() - 1;
        while (at >= 0 && bytes.getByte(at) != '\n') {
            at--;
        }
        return at;
    }

    private void fill(Truncation cause, String why) {
        full = true;
        meters.truncated(cause);
        LOG.warnf("The rest of job %s is not streamed: %s", job.id(), why);
    }
}
