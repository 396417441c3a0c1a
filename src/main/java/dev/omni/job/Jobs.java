package dev.omni.job;

import dev.omni.audit.AuditedCall;
import dev.omni.audit.Origin;
import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.identity.Caller;
import dev.omni.observe.LogContext;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.sandbox.SandboxAccess;
import dev.omni.sandbox.Sandboxes;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** The rules of jobs. Each call checks that the sandbox is the caller's. */
@ApplicationScoped
public class Jobs {
    private static final Logger LOG = Logger.getLogger(Jobs.class);
    private static final Duration CANCEL_TIMEOUT = Duration.ofSeconds(10);

    private final Sandboxes sandboxes;
    private final JobStarter starter;
    private final JobRecords records;
    private final JobLogs logs;
    private final Event<JobStarted> started;
    private final JobMeters meters;
    private final JobTrail trail;
    private final UnreadJobs unread;

    Jobs(
            Sandboxes sandboxes,
            JobStarter starter,
            JobRecords records,
            JobLogs logs,
            Event<JobStarted> started,
            JobMeters meters,
            JobTrail trail,
            UnreadJobs unread) {
        this.sandboxes = sandboxes;
        this.starter = starter;
        this.records = records;
        this.logs = logs;
        this.started = started;
        this.meters = meters;
        this.trail = trail;
        this.unread = unread;
    }

    /**
     * Starts a job. With an idempotency key a repeated call gives the job of the first, or fails with
     * {@code idempotency_conflict} when it asks for something else. Fails with {@code sandbox_not_found} or
     * {@code sandbox_not_ready}.
     */
    public Uni<Job> start(Caller caller, String sandboxId, NewJob job, @Nullable String idempotencyKey) {
        return AuditedCall.seenToItsEnd(
                begin(caller, sandboxId, job, idempotencyKey),
                (call, begun) -> call.about(sandboxId, begun.id().toString()));
    }

    private Uni<Job> begin(Caller caller, String sandboxId, NewJob job, @Nullable String idempotencyKey) {
        trail.asked(job);
        Origin asker = trail.asker().orElse(null);
        return inSandbox(
                caller,
                sandboxId,
                sandbox -> starter.start(sandbox, job, idempotencyKey).chain(start -> {
                    LogContext.put(LogContext.SANDBOX_ID, sandboxId);
                    LogContext.put(LogContext.JOB_ID, start.job().id().toString());
                    if (!start.fresh()) {
                        meters.replayed();
                        return records.describe(start.job());
                    }
                    LOG.infof("Job %s started", start.job().id());
                    meters.started(start.job().header().kind());
                    Consumer<JobEnd> ended = end -> {
                        start.ended().run();
                        trail.ended(asker, start.job(), end);
                    };
                    return logs.watch(start.job(), ended)
                            .invoke(isRead -> {
                                if (!isRead) {
                                    unread.await(start.job(), ended);
                                }
                                started.fire(new JobStarted(sandbox, start.job().id()));
                                records.prune(sandbox);
                            })
                            .replaceWith(() -> records.running(start.job()));
                }));
    }

    /** One job. */
    public Uni<Job> get(Caller caller, String sandboxId, UUID jobId) {
        return viewing(caller, sandboxId, jobId, records::describe);
    }

    /** The sandbox's jobs that are still kept, newest first. */
    public Uni<List<Job>> list(Caller caller, String sandboxId) {
        return explaining(
                sandboxId,
                sandboxes.view(caller, sandboxId),
                sandbox -> records.all(sandbox)
                        .chain(jobs -> jobs.isEmpty()
                                ? Uni.createFrom().item(List.<Job>of())
                                : Uni.join()
                                        .all(jobs.stream()
                                                .map(records::describe)
                                                .toList())
                                        .usingConcurrencyOf(4)
                                        .andFailFast())
                        .map(jobs -> jobs.stream()
                                .sorted(Comparator.comparing(Job::createdAt)
                                        .thenComparing(Job::id)
                                        .reversed())
                                .toList()));
    }

    /**
     * Follows a job from a cursor, or from its start. Fails with {@code sandbox_not_found}, {@code job_not_found},
     * {@code sandbox_not_ready} or {@code invalid_cursor}.
     */
    public Uni<JobStream> events(Caller caller, String sandboxId, UUID jobId, @Nullable String cursor) {
        return viewing(
                caller,
                sandboxId,
                jobId,
                job -> Uni.createFrom().item(() -> stream(job, Cursor.decode(cursor, jobId))));
    }

    /** Follows a job that was just {@linkplain JobStarted started}, from its start. */
    public Uni<JobStream> events(SandboxAccess sandbox, UUID jobId) {
        // It is being read here already, so that any number of followers need ask Daytona nothing.
        return logs.read(sandbox, jobId)
                .map(job -> Uni.createFrom().item(job))
                .orElseGet(() -> records.find(sandbox, jobId))
                .map(job -> stream(job, Cursor.START));
    }

    /** What a job has printed so far, from a cursor on: the bytes of one stream, or of both as they came. */
    Uni<JobOutput> output(
            Caller caller,
            String sandboxId,
            UUID jobId,
            @Nullable String cursor,
            JobEvent.@Nullable OutputStream stream) {
        return viewing(
                caller,
                sandboxId,
                jobId,
                job -> JobOutput.of(job, Cursor.decode(cursor, jobId).position(), stream));
    }

    /** Writes to a job's stdin. Fails with {@code job_finished} or {@code input_closed}, beside the codes of events. */
    public Uni<Void> input(Caller caller, String sandboxId, UUID jobId, String data) {
        return changing(
                caller,
                sandboxId,
                jobId,
                job -> records.requireRunning(job).chain(commandId -> {
                    if (!job.header().openStdin()) {
                        return Uni.createFrom()
                                .failure(
                                        new ProblemException(
                                                ProblemCode.INPUT_CLOSED,
                                                "The job was started without an open stdin; ask for it with \"stdin\": \"open\"."));
                    }
                    return job.sandbox()
                            .toolbox()
                            .input(job.sessionId(), commandId, data)
                            .onFailure(DaytonaException.is(Kind.GONE))
                            .transform(failure -> finished());
                }));
    }

    /** Ends a running job: TERM, then KILL. Fails with {@code job_finished}, beside the codes of events. */
    public Uni<Void> cancel(Caller caller, String sandboxId, UUID jobId) {
        return changing(
                caller, sandboxId, jobId, job -> records.requireRunning(job).chain(commandId -> end(job)));
    }

    static Uni<Void> end(JobRef job) {
        LOG.infof("Job %s is being cancelled", job.id());
        return job.sandbox()
                .toolbox()
                .execute(JobScript.cancel(job.directory()), Map.of(), CANCEL_TIMEOUT)
                .chain(run -> run.exitCode() == 0
                        ? Uni.createFrom().voidItem()
                        : Uni.createFrom()
                                .failure(new ProblemException(
                                        ProblemCode.UPSTREAM_ERROR, "The job could not be cancelled; try again.")));
    }

    static ProblemException finished() {
        return new ProblemException(ProblemCode.JOB_FINISHED, "The job has finished.");
    }

    private JobStream stream(JobRef job, Cursor from) {
        Multi<JobEvent> events = job.command().isPresent()
                ? logs.events(job, from)
                : Multi.createFrom().iterable(Closing.all(job, from, JobEnd.lost()));
        return new JobStream(from.encode(job.id()), events);
    }

    private <T> Uni<T> viewing(Caller caller, String sandboxId, UUID jobId, Function<JobRef, Uni<? extends T>> action) {
        return explaining(
                sandboxId,
                sandboxes.view(caller, sandboxId),
                sandbox -> records.find(sandbox, jobId).chain(action));
    }

    private <T> Uni<T> changing(
            Caller caller, String sandboxId, UUID jobId, Function<JobRef, Uni<? extends T>> action) {
        return inSandbox(
                caller, sandboxId, sandbox -> records.find(sandbox, jobId).chain(action));
    }

    private <T> Uni<T> inSandbox(Caller caller, String sandboxId, Function<SandboxAccess, Uni<T>> action) {
        return explaining(sandboxId, sandboxes.access(caller, sandboxId), action);
    }

    private <T> Uni<T> explaining(String sandboxId, Uni<SandboxAccess> proof, Function<SandboxAccess, Uni<T>> action) {
        return proof.chain(sandbox -> action.apply(sandbox)
                .onFailure(DaytonaException.class)
                .recoverWithUni(failure -> sandboxes.explain(sandboxId, failure)));
    }
}
