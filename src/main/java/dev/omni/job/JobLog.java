package dev.omni.job;

import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.Session;
import dev.omni.daytona.Toolbox;
import dev.omni.problem.ProblemException;
import dev.omni.sandbox.Sandboxes;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The one upstream reader of a job on this replica. It copies Daytona's raw log into a spool and finds out how the job
 * ends; any number of {@link JobReader}s read the copy.
 *
 * <pre>
 * FOLLOWING --(the record has an exit code)--> DRAINING --(the whole log was read once more)--> ENDED
 *     \--(the session or sandbox is gone, or it is overdue)-----------------------------------> ENDED, lost
 * </pre>
 *
 * Daytona's follow stream ends early, late or never and says nothing about the command. So it is only used for being
 * prompt: bytes are counted, a broken stream is attached again and what is known skipped, and the end comes from polling
 * the command's record.
 */
final class JobLog {
    private static final Logger LOG = Logger.getLogger(JobLog.class);
    private static final long FIRST_RETRY_MILLIS = 100;
    private static final long MAX_RETRY_MILLIS = 2_000;
    private static final int DRAIN_ATTEMPTS = 5;

    private final Vertx vertx;
    private final JobRef job;
    private final Toolbox toolbox;
    private final String commandId;
    private final Spool spool;
    private final JobConfig config;
    private final Sandboxes sandboxes;
    private final Set<Runnable> waiting = ConcurrentHashMap.newKeySet();

    private boolean full;
    private boolean closed;
    private boolean draining;
    private byte lastByte = '\n';
    private Cancellable following = () -> {};
    private Instant lastAnswer = Instant.now();
    private volatile @Nullable JobEnd end;

    JobLog(Vertx vertx, JobRef job, String commandId, Spool spool, JobConfig config, Sandboxes sandboxes) {
        this.vertx = vertx;
        this.job = job;
        this.toolbox = job.sandbox().toolbox();
        this.commandId = commandId;
        this.spool = spool;
        this.config = config;
        this.sandboxes = sandboxes;
    }

    JobRef job() {
        return job;
    }

    Spool spool() {
        return spool;
    }

    /** How the job ended; null while that is open. Once it is there the spool is complete. */
    @Nullable
    JobEnd end() {
        return end;
    }

    /** Completes when there is more than {@code length} bytes to read, or the job has ended. */
    Uni<Void> moreThan(long length) {
        return Uni.createFrom().emitter(emitter -> {
            Runnable look = () -> {
                if (spool.length() > length || end != null) {
                    emitter.complete(null);
                }
            };
            emitter.onTermination(() -> waiting.remove(look));
            waiting.add(look);
            look.run();
        });
    }

    /** Completes when the job has ended. */
    Uni<Void> ended() {
        return moreThan(Long.MAX_VALUE);
    }

    /** Begins to read. To be called once, on the context that everything then happens on. */
    void start() {
        follow(0);
        pollLater(config.pollInterval().toMillis());
    }

    /** Stops reading; the job itself goes on. */
    void close() {
        closed = true;
        following.cancel();
        spool.close();
    }

    private boolean reading() {
        return !closed && !draining;
    }

    private void follow(int failures) {
        if (!reading() || full) {
            return;
        }
        long before = spool.length();
        following = append(toolbox.followLog(job.sessionId(), commandId))
                .subscribe()
                .with(ignored -> followAgain(before, failures), failure -> {
                    LOG.debugf("The follow stream of job %s broke: %s", job.id(), failure);
                    followAgain(before, failures);
                });
    }

    private void followAgain(long before, int failures) {
        // Only attempts that brought nothing count: a long job may lose its stream any number of times.
        int fruitless = spool.length() > before ? 1 : failures + 1;
        vertx.setTimer(backoff(fruitless), timer -> follow(fruitless));
    }

    private static long backoff(int failures) {
        long delay = Math.min(MAX_RETRY_MILLIS, FIRST_RETRY_MILLIS << Math.min(failures, 10));
        return delay / 2 + ThreadLocalRandom.current().nextLong(delay / 2 + 1);
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
        Buffer fitting = bytes;
        if (bytes.length() > room) {
            full = true;
            fitting = bytes.slice(0, (int) Math.max(0, room)).copy();
            lastByte = fitting.length() > 0 ? fitting.getByte(fitting.length() - 1) : lastByte;
            fitting.appendBuffer(line("output beyond %d bytes is not streamed"
                    .formatted(config.spool().maxPerJob().asLongValue())));
            LOG.warnf("The output of job %s is larger than may be kept; the rest is not streamed", job.id());
        }
        lastByte = fitting.getByte(fitting.length() - 1);
        return spool.append(fitting).invoke(this::wake);
    }

    /** A line of our own on stderr, written as Daytona would, so that it is one for every reader and has its place. */
    private Buffer line(String text) {
        return Buffer.buffer((lastByte == '\n' ? "" : "\n") + "\2\2\2omni: " + text + "\n");
    }

    private void wake() {
        waiting.forEach(Runnable::run);
    }

    private void pollLater(long millis) {
        vertx.setTimer(Math.max(1, millis), timer -> {
            if (reading()) {
                toolbox.command(job.sessionId(), commandId).subscribe().with(this::polled, this::pollFailed);
            }
        });
    }

    private void polled(Session.Command record) {
        if (!reading()) {
            return;
        }
        lastAnswer = Instant.now();
        Integer exitCode = record.exitCode();
        if (exitCode != null) {
            draining = true;
            following.cancel();
            drain(exitCode, 1);
        } else if (Instant.now().isAfter(job.overdueAt())) {
            LOG.warnf("Job %s has no exit code long after its time limit", job.id());
            finish(JobEnd.lost());
        } else {
            pollLater(config.pollInterval().toMillis());
        }
    }

    private void pollFailed(Throwable failure) {
        if (!reading()) {
            return;
        }
        if (failure instanceof DaytonaException daytona) {
            switch (daytona.kind()) {
                case NOT_FOUND, GONE -> {
                    LOG.infof("The session of job %s is gone", job.id());
                    finish(JobEnd.lost());
                    return;
                }
                case NOT_RUNNING, REFUSED -> {
                    sandboxes
                            .<Session.Command>explain(job.sandbox().id(), failure)
                            .subscribe()
                            .with(record -> pollAgain(), this::explained);
                    return;
                }
                default -> {
                    // Daytona is out of reach for now.
                }
            }
        }
        pollAgain();
    }

    private void explained(Throwable failure) {
        if (!reading()) {
            return;
        }
        if (failure instanceof ProblemException problem && !(failure instanceof DaytonaException)) {
            // Stopping or deleting a sandbox forgets its sessions, so whatever it is now, the record is gone.
            LOG.infof("The sandbox of job %s is gone or not running: %s", job.id(), problem.code());
            finish(JobEnd.lost());
        } else {
            pollAgain();
        }
    }

    private void pollAgain() {
        if (lastAnswer.plus(config.giveUpAfter()).isBefore(Instant.now())) {
            LOG.warnf("Daytona did not tell of job %s for %s", job.id(), config.giveUpAfter());
            finish(JobEnd.lost());
        } else {
            pollLater(backoff(3));
        }
    }

    /** Reads the whole log once more: when the exit code is there it is complete, whatever the stream has brought. */
    private void drain(int exitCode, int attempt) {
        Duration wait = Duration.ofMillis(backoff(attempt));
        append(toolbox.readLog(job.sessionId(), commandId)).subscribe().with(ignored -> conclude(exitCode), failure -> {
            if (closed) {
                return;
            }
            boolean gone =
                    failure instanceof DaytonaException daytona && daytona.kind() == DaytonaException.Kind.NOT_FOUND;
            if (gone || attempt >= DRAIN_ATTEMPTS) {
                LOG.errorf("The end of the output of job %s could not be read: %s", job.id(), failure);
                store(line("the end of the output could not be read"))
                        .subscribe()
                        .with(ignored -> conclude(exitCode), broken -> conclude(exitCode));
            } else {
                vertx.setTimer(wait.toMillis(), timer -> drain(exitCode, attempt + 1));
            }
        });
    }

    private void conclude(int exitCode) {
        if (closed) {
            return;
        }
        EndFile.statusOf(job, exitCode).subscribe().with(this::finish, failure -> finish(EndFile.unread(exitCode)));
    }

    private void finish(JobEnd how) {
        draining = true;
        following.cancel();
        end = how;
        LOG.infof("Job %s ended: %s, exit code %d", job.id(), how.status(), how.exitCode());
        wake();
    }
}
