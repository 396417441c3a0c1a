package dev.omni.job;

import dev.omni.observe.LogContext;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.sandbox.SandboxAccess;
import dev.omni.sandbox.Sandboxes;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.common.vertx.VertxContext;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.impl.ContextInternal;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/** The logs that this replica reads: one per job, however many follow it, closed some time after the last reader. */
@ApplicationScoped
class JobLogs {
    private static final Logger LOG = Logger.getLogger(JobLogs.class);

    private final Vertx vertx;
    private final JobConfig config;
    private final Sandboxes sandboxes;
    private final SpoolDirectory spools;
    private final PollPace pace;
    private final JobMeters meters;
    private final Batches batches = new Batches();
    private final Readers readers = new Readers();
    private final Map<Key, Entry> entries = new ConcurrentHashMap<>();

    JobLogs(Vertx vertx, JobConfig config, Sandboxes sandboxes, JobMeters meters) {
        this.vertx = vertx;
        this.config = config;
        this.sandboxes = sandboxes;
        this.meters = meters;
        this.spools = new SpoolDirectory(vertx, config.spool());
        this.pace = new PollPace(config.pollInterval(), config.maxPollsPerSecond());
        meters.watch(entries, readers, spools.space());
    }

    /** The id alone is not enough: in a sandbox of their own, a user can give a session any name. */
    private record Key(String sandboxId, UUID jobId) {
        static Key of(JobRef job) {
            return new Key(job.sandbox().id(), job.id());
        }
    }

    /** A log with its readers. While it is kept, a reader that comes back finds it as it was. */
    private static final class Entry {
        final JobRef job;
        final Uni<JobLog> log;
        private int holders;
        private long generation;
        private boolean closed;

        Entry(JobRef job, Uni<JobLog> log) {
            this.job = job;
            this.log = log;
        }
    }

    /**
     * Reads a job until it ends, though nobody follows it: that keeps its sandbox awake and its stream prompt. Completes
     * with true when it is being read, and with false when it cannot be: the job runs all the same, and can be followed
     * later.
     *
     * @param ended is told the end, once, on any thread; never when the job is not read to its end here
     */
    Uni<Boolean> watch(JobRef job, Consumer<JobEnd> ended) {
        return Uni.createFrom()
                .deferred(() -> {
                    Context context = VertxContext.getOrCreateDuplicatedContext(vertx);
                    Entry entry = hold(job);
                    long begun = System.nanoTime();
                    return entry.log
                            .emitOn(task -> context.runOnContext(ignored -> task.run()))
                            .invoke(log -> watch(log, begun, () -> {
                                ended.accept(Objects.requireNonNull(log.end()));
                                release(entry);
                            }))
                            .onFailure()
                            .invoke(failure -> forget(entry));
                })
                .replaceWith(true)
                .onFailure()
                .invoke(failure -> LOG.errorf(failure, "Job %s is not followed", job.id()))
                .onFailure()
                .recoverWithItem(false);
    }

    private void watch(JobLog log, long begun, Runnable done) {
        JobKind kind = log.job().header().kind();
        meters.running(kind);
        log.whenEnded(() -> {
            meters.ended(kind, Objects.requireNonNull(log.end()), begun);
            done.run();
        });
    }

    /** The job's events from a cursor on. */
    Multi<JobEvent> events(JobRef job, Cursor start) {
        return Multi.createFrom().deferred(() -> {
            ContextInternal context = (ContextInternal) VertxContext.getOrCreateDuplicatedContext(vertx);
            Entry entry = hold(job);
            return entry.log
                    .onFailure()
                    .invoke(failure -> forget(entry))
                    .onItem()
                    .transformToMulti(log -> new JobReader(log, batches, readers, start, context))
                    .onTermination()
                    .invoke(() -> release(entry));
        });
    }

    /** A job that this replica reads. */
    Optional<JobRef> read(SandboxAccess sandbox, UUID jobId) {
        return Optional.ofNullable(entries.get(new Key(sandbox.id(), jobId))).map(entry -> entry.job);
    }

    private Entry hold(JobRef job) {
        while (true) {
            Entry entry = entries.computeIfAbsent(Key.of(job), key -> {
                if (entries.size() >= config.spool().maxJobs()) {
                    throw new ProblemException(
                            ProblemCode.RATE_LIMITED, "Too many jobs are being followed here; try again later.");
                }
                return new Entry(job, open(job).memoize().indefinitely());
            });
            synchronized (entry) {
                if (!entry.closed) {
                    entry.holders++;
                    entry.generation++;
                    return entry;
                }
            }
            entries.remove(Key.of(job), entry);
        }
    }

    /** A log that could not be opened: the next reader tries again. */
    private void forget(Entry entry) {
        synchronized (entry) {
            entry.closed = true;
        }
        entries.remove(Key.of(entry.job), entry);
    }

    private void release(Entry entry) {
        long seen;
        synchronized (entry) {
            entry.holders--;
            if (entry.holders > 0) {
                return;
            }
            seen = ++entry.generation;
        }
        // Nobody comes back to what is not listed.
        long keep = entry.job.isListed() ? config.spool().keepFor().toMillis() : 1;
        vertx.setTimer(Math.max(1, keep), timer -> {
            synchronized (entry) {
                if (entry.holders > 0 || entry.generation != seen || entry.closed) {
                    return;
                }
                entry.closed = true;
            }
            entries.remove(Key.of(entry.job), entry);
            entry.log.subscribe().with(JobLog::close, failure -> {});
        });
    }

    private Uni<JobLog> open(JobRef job) {
        String commandId = job.command()
                .orElseThrow(() -> new IllegalStateException("a job without a command has no log to read"))
                .id();
        Map<String, String> fields = new HashMap<>(LogContext.fields());
        fields.put(LogContext.SANDBOX_ID, job.sandbox().id());
        fields.put(LogContext.JOB_ID, job.id().toString());
        // In a context of its own: what it logs belongs to the job, and it outlives the request that began it.
        return LogContext.inNewContext(
                vertx,
                fields,
                () -> spools.open(job.sandbox().owner(), job.id())
                        .map(spool -> new JobLog(vertx, job, commandId, spool, pace, config, sandboxes, meters))
                        .invoke(JobLog::start));
    }

    /** Makes this bean at the start, so that a directory that cannot be used is an error of the start. */
    void start(@Observes StartupEvent event) {
        LOG.debug("ready to read jobs");
    }

    void stop(@Observes ShutdownEvent event) {
        entries.values().forEach(entry -> entry.log.subscribe().with(JobLog::close, failure -> {}));
        spools.close();
    }
}
