package dev.omni.job;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.daytona.Session;
import dev.omni.daytona.Toolbox;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.sandbox.SandboxAccess;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Jobs as Daytona knows them; nothing of them is kept here but what can no longer change. */
@ApplicationScoped
class JobRecords {
    private static final Logger LOG = Logger.getLogger(JobRecords.class);
    static final String SESSION_PREFIX = "omni-";
    private static final int MAX_HEADER_BYTES = 4096;
    private static final Pattern DIRECTORY = Pattern.compile("[0-9a-f-]{36}");

    /** How many directories are removed at a time: their names make one command. */
    private static final int MAX_REMOVED = 500;

    private static final Duration REMOVE_TIMEOUT = Duration.ofSeconds(10);

    /** What the script answers when another run of the same job came first. */
    static final int NOT_THE_FIRST = 125;

    private final JobConfig config;
    private final JobDirectories directories;
    private final JobLogs logs;
    private final EmptySessions empty;
    private final Cache<String, Job> finished = Caffeine.newBuilder()
            .maximumSize(1_000)
            .expireAfterWrite(Duration.ofMinutes(10))
            .build();

    JobRecords(JobConfig config, JobDirectories directories, JobLogs logs, EmptySessions empty) {
        this.config = config;
        this.directories = directories;
        this.logs = logs;
        this.empty = empty;
    }

    static String sessionOf(UUID jobId) {
        return SESSION_PREFIX + jobId;
    }

    /** The command that runs a session's job. A request that was repeated on its way may have left a second one. */
    static Optional<Session.Command> commandOf(Session session) {
        return session.commands().stream()
                .filter(command -> JobHeader.of(command.text()).isPresent())
                .min(Comparator.comparing(
                        (Session.Command command) -> Objects.equals(command.exitCode(), NOT_THE_FIRST)));
    }

    /** Fails with {@code job_not_found}. */
    Uni<JobRef> find(SandboxAccess sandbox, UUID jobId) {
        return directories
                .of(sandbox, jobId)
                .chain(directory -> sandbox.toolbox()
                        .session(sessionOf(jobId))
                        .map(session ->
                                inSession(sandbox, jobId, session, directory).orElseThrow(JobRecords::notFound))
                        .onFailure(DaytonaException.is(Kind.NOT_FOUND))
                        .recoverWithUni(() -> withoutSession(sandbox, jobId, directory)));
    }

    /** The sandbox's jobs, in no order. */
    Uni<List<JobRef>> all(SandboxAccess sandbox) {
        return sandbox.toolbox()
                .sessions()
                .chain(sessions -> Multi.createFrom()
                        .iterable(sessions)
                        .onItem()
                        .transformToUniAndConcatenate(session -> jobIdOf(session)
                                .map(id -> directories
                                        .of(sandbox, id)
                                        .map(directory -> inSession(sandbox, id, session, directory)))
                                .orElse(Uni.createFrom().item(Optional.<JobRef>empty())))
                        .filter(Optional::isPresent)
                        .map(Optional::get)
                        .collect()
                        .asList());
    }

    /** A job as it is answered by the call that started it. */
    Job running(JobRef job) {
        return describe(job, JobStatus.RUNNING, null, null, null);
    }

    /** A job as its owner sees it. */
    Uni<Job> describe(JobRef job) {
        if (job.command().isEmpty()) {
            return Uni.createFrom().item(() -> describe(job, JobEnd.lost(), null));
        }
        String commandId = job.command().get().id();
        Job known = finished.getIfPresent(commandId);
        if (known != null) {
            return Uni.createFrom().item(known);
        }
        Integer exitCode = job.command().get().exitCode();
        if (exitCode == null) {
            return Uni.createFrom()
                    .item(() ->
                            Instant.now().isAfter(job.overdueAt()) ? describe(job, JobEnd.lost(), null) : running(job));
        }
        return EndFile.statusOf(job, exitCode)
                .chain(end -> result(job).map(result -> describe(job, end, result.orElse(null))))
                .invoke(done -> finished.put(commandId, done));
    }

    /** How a job ended; empty while it runs. One whose end can never be known is lost. */
    Uni<Optional<JobEnd>> endOf(JobRef job) {
        return find(job.sandbox(), job.id()).chain(now -> {
            if (now.command().isEmpty()) {
                return Uni.createFrom().item(Optional.of(JobEnd.lost()));
            }
            Integer exitCode = now.command().get().exitCode();
            return exitCode == null
                    ? Uni.createFrom().item(Optional.<JobEnd>empty())
                    : EndFile.statusOf(now, exitCode).map(Optional::of);
        });
    }

    /** The id of a running job's command; fails with {@code job_finished}. */
    Uni<String> requireRunning(JobRef job) {
        return job.command()
                .filter(command -> command.exitCode() == null)
                .map(command -> Uni.createFrom().item(command.id()))
                .orElseGet(() -> Uni.createFrom().failure(Jobs.finished()));
    }

    /** Removes the oldest finished jobs beyond those that are kept, and what was never begun. Goes on in the background; the next start repeats it. */
    void prune(SandboxAccess sandbox) {
        all(sandbox)
                .map(jobs -> jobs.stream()
                        .filter(job -> job.command().isPresent()
                                && job.command().get().exitCode() != null
                                && logs.read(sandbox, job.id()).isEmpty())
                        .sorted(Comparator.comparingLong(
                                        (JobRef job) -> job.header().createdAt())
                                .reversed())
                        .skip(config.keep())
                        .toList())
                .chain(old -> Multi.createFrom()
                        .iterable(old)
                        .onItem()
                        .transformToUniAndConcatenate(this::remove)
                        .onItem()
                        .ignoreAsUni())
                .chain(() -> pruneAbandoned(sandbox))
                .chain(() -> pruneForgotten(sandbox))
                .subscribe()
                .with(
                        done -> {},
                        failure -> LOG.warnf("Old jobs of sandbox %s could not be removed: %s", sandbox.id(), failure));
    }

    /** Sessions in which nothing will run any more. */
    private Uni<Void> pruneAbandoned(SandboxAccess sandbox) {
        return sandbox.toolbox()
                .sessions()
                .onItem()
                .transformToMulti(sessions -> Multi.createFrom().iterable(sessions))
                .filter(session -> empty.isAbandoned(sandbox.id(), session))
                .onItem()
                .transformToUniAndConcatenate(session -> sandbox.toolbox().deleteSession(session.id()))
                .onItem()
                .ignoreAsUni();
    }

    /** The directories of jobs whose sessions a stop of the sandbox has forgotten; as many of the newest stay. */
    private Uni<Void> pruneForgotten(SandboxAccess sandbox) {
        return directories
                .root(sandbox)
                .chain(root -> sandbox.toolbox()
                        .execute(
                                "ls -1t -- %s | tail -n +%d".formatted(Quoting.word(root), 2 * config.keep() + 1),
                                Map.of(),
                                REMOVE_TIMEOUT)
                        .chain(listed -> listed.output().isBlank()
                                ? Uni.createFrom().voidItem()
                                : sandbox.toolbox().sessions().chain(sessions -> {
                                    Set<String> alive = sessions.stream()
                                            .map(session -> session.id().replaceFirst("^omni-(exec-)?", ""))
                                            .collect(Collectors.toSet());
                                    List<String> forgotten = listed.output()
                                            .lines()
                                            .filter(name ->
                                                    DIRECTORY.matcher(name).matches() && !alive.contains(name))
                                            .map(name -> root + "/" + name)
                                            .limit(MAX_REMOVED)
                                            .toList();
                                    return forgotten.isEmpty()
                                            ? Uni.createFrom().voidItem()
                                            : sandbox.toolbox()
                                                    .execute(
                                                            "rm -rf -- " + Quoting.words(forgotten),
                                                            Map.of(),
                                                            REMOVE_TIMEOUT)
                                                    .replaceWithVoid();
                                })));
    }

    /** Removes what is left of a job in its sandbox. */
    Uni<Void> remove(JobRef job) {
        Toolbox toolbox = job.sandbox().toolbox();
        return toolbox.deleteSession(job.sessionId())
                .chain(() -> toolbox.execute("rm -rf -- " + Quoting.word(job.directory()), Map.of(), REMOVE_TIMEOUT))
                .replaceWithVoid();
    }

    private Uni<Optional<JobEvent.JobResult>> result(JobRef job) {
        if (job.header().kind() != JobKind.PROMPT) {
            return Uni.createFrom().item(Optional.empty());
        }
        return logs.events(job, Cursor.START)
                .select()
                .when(event -> Uni.createFrom().item(event instanceof JobEvent.Result))
                .toUni()
                .map(event -> event instanceof JobEvent.Result found ? Optional.of(found.result()) : Optional.empty());
    }

    private Job describe(JobRef job, JobEnd end, JobEvent.@Nullable JobResult result) {
        Integer exitCode = end.status() == JobStatus.LOST ? null : (Integer) end.exitCode();
        // Its second may be the one that the job was created in.
        Instant created = job.header().createdInstant();
        Instant finishedAt = end.at() != null && end.at().isBefore(created) ? created : end.at();
        return describe(job, end.status(), exitCode, finishedAt, result);
    }

    private static Job describe(
            JobRef job,
            JobStatus status,
            @Nullable Integer exitCode,
            @Nullable Instant finishedAt,
            JobEvent.@Nullable JobResult result) {
        return new Job(
                job.id(),
                job.sandbox().id(),
                job.header().kind(),
                status,
                exitCode,
                job.header().createdInstant(),
                finishedAt,
                Cursor.START.encode(job.id()),
                result);
    }

    private static Optional<UUID> jobIdOf(Session session) {
        try {
            return session.id().startsWith(SESSION_PREFIX)
                    ? Optional.of(UUID.fromString(session.id().substring(SESSION_PREFIX.length())))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<JobRef> inSession(SandboxAccess sandbox, UUID jobId, Session session, String directory) {
        return commandOf(session)
                .map(command -> new JobRef(
                        sandbox,
                        jobId,
                        session.id(),
                        Optional.of(command),
                        directory,
                        JobHeader.of(command.text()).orElseThrow()));
    }

    /**
     * A job of which only its files are left. A stop of the sandbox forgets its sessions, not its files: the job's own copy
     * of its header says that it was. Fails with {@code job_not_found}.
     */
    Uni<JobRef> withoutSession(SandboxAccess sandbox, UUID jobId, String directory) {
        return sandbox.toolbox()
                .download(directory + "/job", MAX_HEADER_BYTES)
                .map(bytes -> new JobRef(
                        sandbox,
                        jobId,
                        sessionOf(jobId),
                        Optional.empty(),
                        directory,
                        JobHeader.of(bytes.toString(StandardCharsets.UTF_8)).orElseThrow(JobRecords::notFound)))
                .onFailure(DaytonaException.is(Kind.NOT_FOUND))
                .transform(failure -> notFound());
    }

    private static ProblemException notFound() {
        return new ProblemException(ProblemCode.JOB_NOT_FOUND, "There is no such job in this sandbox.");
    }
}
