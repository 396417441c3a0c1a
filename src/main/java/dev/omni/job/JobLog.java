package dev.omni.job;

import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.daytona.Session;
import dev.omni.daytona.Toolbox;
import dev.omni.problem.ProblemException;
import dev.omni.sandbox.Sandboxes;
import io.smallrye.mutiny.subscription.Cancellable;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
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
 * Daytona's follow stream ends early, late or never and says nothing about the command. So the end comes from polling
 * the command's record, and then the whole log is read once more.
 */
final class JobLog {
    private static final Logger LOG = Logger.getLogger(JobLog.class);
    private static final LogDecoder PLAIN = new PlainOutput();
    private static final LogDecoder PROMPT = new PromptOutput();

    /** How long the end of a job is looked for at the least, however long ago it should have been over. */
    private static final Duration CLOSING = Duration.ofSeconds(60);

    /** How many looks in a row must find a session or sandbox gone: one answer may come from something on the way. */
    private static final int GONE_FOR_GOOD = 3;

    private final Vertx vertx;
    private final JobRef job;
    private final Toolbox toolbox;
    private final Spool spool;
    private final LogCopy copy;
    private final PollPace pace;
    private final JobConfig config;
    private final Sandboxes sandboxes;
    private final Set<Waiter> waiting = ConcurrentHashMap.newKeySet();

    private String commandId;
    private long begun;
    private int gone;
    private @Nullable Context context;
    private boolean closed;
    private boolean draining;
    private Cancellable finishing = () -> {};
    private Instant lastAnswer = Instant.now();
    private volatile @Nullable JobEnd end;

    JobLog(
            Vertx vertx,
            JobRef job,
            String commandId,
            Spool spool,
            PollPace pace,
            JobConfig config,
            Sandboxes sandboxes,
            JobMeters meters) {
        this.vertx = vertx;
        this.job = job;
        this.toolbox = job.sandbox().toolbox();
        this.commandId = commandId;
        this.spool = spool;
        this.copy = new LogCopy(vertx, job, spool, config, meters, this::wake);
        this.pace = pace;
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

    /** Makes events of this log. */
    LogDecoder decoder() {
        return job.header().kind() == JobKind.PROMPT ? PROMPT : PLAIN;
    }

    /**
     * How much of the log it is worth to look at from a place on. Of a prompt's that is up to the end of a line, since a long
     * line comes in many pieces and would be looked at with each.
     */
    long visible(long from) {
        long length = spool.length();
        if (!decoder().readsWholeLines() || isComplete() || length - from >= LogDecoder.WINDOW) {
            return length;
        }
        return Math.min(length, Math.max(from, copy.lineEnd()));
    }

    /** Whether the spool will grow no more. */
    boolean isComplete() {
        return end != null || copy.isFull();
    }

    /** Whether the output may be longer than what is kept of it. */
    boolean isFull() {
        return copy.isFull();
    }

    /** What a reader is told at the end of a full spool. */
    JobEvent limitNotice(Cursor after) {
        String text = "%somni: output beyond %d bytes is not streamed\n"
                .formatted(after.position().lineStart() ? "" : "\n", spool.length());
        return new JobEvent.Log(after.encode(job.id()), Instant.now(), JobEvent.OutputStream.STDERR, text, false);
    }

    /**
     * Calls back once, on any thread, when more than {@code looked} of the log is visible from a place on, or the spool is
     * complete.
     *
     * @return ends the waiting
     */
    Runnable whenMoreThan(long looked, long from, Runnable callback) {
        return when(() -> visible(from) > looked || isComplete(), callback);
    }

    /** Calls back once, on any thread, when the job has ended. */
    Runnable whenEnded(Runnable callback) {
        return when(() -> end != null, callback);
    }

    // Callbacks rather than streams: there is one for every event and reader.
    private Runnable when(BooleanSupplier condition, Runnable callback) {
        Waiter waiter = new Waiter(condition, callback);
        waiting.add(waiter);
        look(waiter);
        return () -> waiting.remove(waiter);
    }

    private record Waiter(BooleanSupplier condition, Runnable callback) {
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    private void look(Waiter waiter) {
        if (waiter.condition().getAsBoolean() && waiting.remove(waiter)) {
            waiter.callback().run();
        }
    }

    /** Begins to read. To be called once, on the context that everything then happens on. */
    void start() {
        context = vertx.getOrCreateContext();
        begun = System.nanoTime();
        pace.joins();
        copy.follow(commandId);
        pollLater(nextLook());
    }

    /** Stops reading; the job itself goes on. From any thread. */
    void close() {
        Objects.requireNonNull(context, "started").runOnContext(ignored -> {
            if (closed) {
                return;
            }
            leave();
            closed = true;
            copy.stop();
            finishing.cancel();
            spool.close();
        });
    }

    private Duration nextLook() {
        return pace.pause(Duration.ofNanos(System.nanoTime() - begun));
    }

    /** No more looks at the record are due. */
    private void leave() {
        if (!closed && end == null) {
            pace.leaves();
        }
    }

    private boolean reading() {
        return !closed && !draining;
    }

    private void wake() {
        waiting.forEach(this::look);
    }

    private void pollLater(Duration pause) {
        vertx.setTimer(Math.max(1, pause.toMillis()), timer -> {
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
        gone = 0;
        Integer exitCode = record.exitCode();
        if (exitCode == null) {
            if (overdue()) {
                LOG.warnf("Job %s has no exit code long after its time limit", job.id());
                finish(JobEnd.lost());
            } else {
                pollLater(nextLook());
            }
        } else if (exitCode == JobRecords.NOT_THE_FIRST) {
            lookForTheFirst(exitCode);
        } else {
            conclude(exitCode);
        }
    }

    /**
     * The script says that another run of this job came before: a proxy has repeated the call that started it, and we were
     * told of the second command. The first is the job.
     */
    private void lookForTheFirst(int exitCode) {
        toolbox.session(job.sessionId())
                .map(JobRecords::commandOf)
                .subscribe()
                .with(
                        found -> {
                            if (!reading()) {
                                return;
                            }
                            if (found.isPresent() && !found.get().id().equals(commandId)) {
                                commandId = found.get().id();
                                copy.follow(commandId);
                                pollLater(nextLook());
                            } else {
                                conclude(exitCode);
                            }
                        },
                        this::pollFailed);
    }

    private void conclude(int exitCode) {
        draining = true;
        copy.stop();
        drain(exitCode, 0, closingTime());
    }

    private void pollFailed(Throwable failure) {
        if (!reading()) {
            return;
        }
        if (failure instanceof DaytonaException daytona) {
            switch (daytona.kind()) {
                case NOT_FOUND, GONE -> {
                    isGone("its session is gone");
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
            isGone("of its sandbox: " + problem.detail());
        } else {
            pollAgain();
        }
    }

    private void isGone(String why) {
        gone++;
        if (gone < GONE_FOR_GOOD) {
            pollLater(Duration.ofMillis(Backoff.millis(gone + 1)));
            return;
        }
        LOG.infof("How job %s ended cannot be known: %s", job.id(), why);
        finish(JobEnd.lost());
    }

    private void pollAgain() {
        if (lastAnswer.plus(config.giveUpAfter()).isBefore(Instant.now()) || overdue()) {
            LOG.warnf("Daytona does not tell of job %s", job.id());
            finish(JobEnd.lost());
        } else {
            pollLater(Duration.ofMillis(Backoff.millis(3)));
        }
    }

    private boolean overdue() {
        return Instant.now().isAfter(job.overdueAt());
    }

    /** Until when the end of a job that has an exit code is looked for. */
    private Instant closingTime() {
        Instant now = Instant.now();
        Instant atLeast = later(job.overdueAt(), now.plus(CLOSING));
        Instant atMost = now.plus(config.giveUpAfter());
        return atLeast.isBefore(atMost) ? atLeast : atMost;
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    /** Reads the whole log once more: when the exit code is there it is complete, whatever the stream has brought. */
    private void drain(int exitCode, int failures, Instant until) {
        finishing = copy.complete()
                .subscribe()
                .with(
                        read -> readEnd(exitCode, 0, until, false),
                        failure -> again(failure, failures, until, () -> drain(exitCode, failures + 1, until), () -> {
                            LOG.warnf("The end of the output of job %s could not be read: %s", job.id(), failure);
                            readEnd(exitCode, 0, until, true);
                        }));
    }

    private void readEnd(int exitCode, int failures, Instant until, boolean outputLost) {
        finishing = EndFile.statusOf(job, exitCode)
                .subscribe()
                .with(
                        end -> finish(outputLost ? end.withOutputLost() : end),
                        failure -> again(
                                failure,
                                failures,
                                until,
                                () -> readEnd(exitCode, failures + 1, until, outputLost),
                                () -> {
                                    JobEnd end = EndFile.byExitCode(exitCode);
                                    finish(outputLost ? end.withOutputLost() : end);
                                }));
    }

    /** Tries once more after a while, unless what is asked for is gone or it has taken too long. */
    private void again(Throwable failure, int failures, Instant until, Runnable retry, Runnable giveUp) {
        if (closed) {
            return;
        }
        boolean forGood = DaytonaException.is(Kind.NOT_FOUND)
                .or(DaytonaException.is(Kind.GONE))
                .test(failure);
        if (forGood || Instant.now().isAfter(until)) {
            giveUp.run();
        } else {
            vertx.setTimer(Backoff.millis(failures + 1), timer -> {
                if (!closed) {
                    retry.run();
                }
            });
        }
    }

    private void finish(JobEnd how) {
        if (closed) {
            return;
        }
        leave();
        draining = true;
        copy.stop();
        end = how;
        // One that had ended before it was read here is no news.
        boolean news = job.command().map(Session.Command::exitCode).isEmpty();
        LOG.logf(
                news ? Logger.Level.INFO : Logger.Level.DEBUG,
                "Job %s ended: %s, exit code %d",
                job.id(),
                how.status(),
                how.exitCode());
        wake();
    }
}
