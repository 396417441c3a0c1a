package dev.omni.job;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.daytona.Session;
import dev.omni.daytona.Toolbox;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.problem.Stage;
import dev.omni.sandbox.Fingerprint;
import dev.omni.sandbox.Polling;
import dev.omni.sandbox.SandboxAccess;
import dev.omni.sandbox.SandboxSecrets;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Starts jobs: a Daytona session each, whose id is the job's, so that every replica can find it. */
@ApplicationScoped
class JobStarter {
    /** How long the call that made a session may take until it has started the job in it. */
    private static final Duration STARTING = Duration.ofSeconds(5);

    private final TimeBasedEpochGenerator ids = Generators.timeBasedEpochGenerator();
    private final JobConfig config;
    private final JobDirectories directories;
    private final JobRecords records;
    private final Polling polling;
    private final JobQuota quota;
    private final SandboxSecrets secrets;

    JobStarter(
            JobConfig config,
            JobDirectories directories,
            JobRecords records,
            Polling polling,
            JobQuota quota,
            SandboxSecrets secrets) {
        this.config = config;
        this.directories = directories;
        this.records = records;
        this.polling = polling;
        this.quota = quota;
        this.secrets = secrets;
    }

    /**
     * A job that runs.
     *
     * @param fresh whether this call started it, rather than an earlier one under the same key
     * @param ended to be called when it has ended: others may run then
     */
    record Start(JobRef job, boolean fresh, Runnable ended) {}

    /** Starts a job; a repeated call with the same key finds the job of the first. */
    Uni<Start> start(SandboxAccess sandbox, NewJob job, @Nullable String idempotencyKey) {
        UUID id = idempotencyKey == null
                ? ids.generate()
                : derived(Fingerprint.of(sandbox.owner(), sandbox.id(), idempotencyKey));
        return start(sandbox, job, id, JobRecords.sessionOf(id), idempotencyKey != null);
    }

    /** Starts a command that is nobody's job: it is not listed and not announced. */
    Uni<Start> startUnlisted(SandboxAccess sandbox, NewJob.Command command) {
        UUID id = ids.generate();
        return start(sandbox, command, id, "omni-exec-" + id, false);
    }

    /** Which try of a call this may be. */
    private enum Try {
        /** It has no key, so a repeated call is another job. */
        ONLY,
        /** It has a key, and has made the session. */
        FIRST,
        /** It has a key, and found the session of another call, whose it is to delete. */
        AGAIN;

        boolean madeTheSession() {
            return this != AGAIN;
        }

        /** Whether a repeated call finds the job of this one. */
        boolean isRepeatable() {
            return this != ONLY;
        }
    }

    private Uni<Start> start(SandboxAccess sandbox, NewJob job, UUID id, String sessionId, boolean mayExist) {
        secrets.refuse(job.env().keySet());
        JobHeader header = header(job);
        Toolbox toolbox = sandbox.toolbox();
        return Stage.SESSION.of(directories.of(sandbox, id)).chain(directory -> {
            Supplier<Uni<Start>> first =
                    () -> admitted(sandbox, job, id, sessionId, directory, header, mayExist ? Try.FIRST : Try.ONLY);
            Supplier<Uni<Start>> again = () -> admitted(sandbox, job, id, sessionId, directory, header, Try.AGAIN);
            if (!mayExist) {
                return Stage.SESSION.of(toolbox.createSession(sessionId)).chain(first::get);
            }
            return Stage.SESSION
                    .of(toolbox.createSession(sessionId))
                    .replaceWith(true)
                    .onFailure(DaytonaException.is(Kind.CONFLICT))
                    .recoverWithItem(false)
                    .chain(created -> created
                            ? forgotten(sandbox, id, sessionId, directory, header, first)
                            : existing(sandbox, id, sessionId, directory, header, again));
        });
    }

    /** The session is new, but a job of that id may have run before a stop of the sandbox: then that is the job. */
    private Uni<Start> forgotten(
            SandboxAccess sandbox,
            UUID id,
            String sessionId,
            String directory,
            JobHeader header,
            Supplier<Uni<Start>> run) {
        return records.withoutSession(sandbox, id, directory)
                .map(Optional::of)
                .onFailure(ProblemException.class)
                .recoverWithUni(failure -> failure instanceof DaytonaException
                        ? Uni.createFrom().failure(failure)
                        : Uni.createFrom().item(Optional.empty()))
                .chain(job -> job.isEmpty()
                        ? run.get()
                        : sandbox.toolbox().deleteSession(sessionId).chain(() -> repeated(job.get(), header)));
    }

    private Uni<Start> admitted(
            SandboxAccess sandbox,
            NewJob job,
            UUID id,
            String sessionId,
            String directory,
            JobHeader header,
            Try which) {
        return quota.admit(sandbox, sessionId, Duration.ofSeconds(header.timeoutSeconds()))
                .onFailure()
                .recoverWithUni(failure -> which.madeTheSession()
                        ? withoutSession(sandbox.toolbox(), sessionId, failure)
                        : Uni.createFrom().failure(failure))
                .chain(lease -> run(sandbox, job, id, sessionId, directory, header, which)
                        .map(started -> new Start(started, true, lease::release))
                        .onFailure()
                        .invoke(lease::release)
                        .onCancellation()
                        .invoke(lease::release));
    }

    /** Fails as it had failed, when what it would only leave in the way of a repeated call is gone. */
    private static <T> Uni<T> withoutSession(Toolbox toolbox, String sessionId, Throwable failure) {
        return toolbox.deleteSession(sessionId)
                .onItemOrFailure()
                .transformToUni((deleted, again) -> Uni.createFrom().failure(failure));
    }

    private Uni<JobRef> run(
            SandboxAccess sandbox,
            NewJob job,
            UUID id,
            String sessionId,
            String directory,
            JobHeader header,
            Try which) {
        Toolbox toolbox = sandbox.toolbox();
        Uni<Void> stdin = stdin(job) instanceof NewJob.Stdin.Text(String text)
                ? Stage.UPLOAD.of(toolbox.upload(directory + "/stdin", Buffer.buffer(text)))
                : Uni.createFrom().voidItem();
        // Not in the command's text, which Daytona keeps and shows.
        Map<String, String> hidden = secrets.now();
        Uni<Void> environment = hidden.isEmpty()
                ? Uni.createFrom().voidItem()
                : Stage.UPLOAD.of(toolbox.upload(directory + "/env", Buffer.buffer(JobScript.exports(hidden))));
        String script = JobScript.run(header, directory, command(job), cwd(job), job.env(), stdin(job));
        JobRef nothing = new JobRef(sandbox, id, sessionId, Optional.empty(), directory, header);
        return Uni.combine()
                .all()
                .unis(stdin, environment)
                .discardItems()
                .chain(() -> Stage.COMMAND.of(toolbox.start(sessionId, script)))
                .map(commandId -> new Session.Command(commandId, "", null))
                .onFailure()
                .recoverWithUni(failure -> maybeStarted(nothing, failure, which))
                .map(command -> new JobRef(sandbox, id, sessionId, Optional.of(command), directory, header));
    }

    /** The call may have arrived though its answer did not: what the session says counts. */
    private Uni<Session.Command> maybeStarted(JobRef job, Throwable failure, Try which) {
        return job.sandbox()
                .toolbox()
                .session(job.sessionId())
                .map(JobRecords::commandOf)
                .onFailure()
                .transform(unknown -> which.isRepeatable() ? failure : unclear(failure))
                .chain(found -> {
                    if (found.isPresent()) {
                        return Uni.createFrom().item(found.get());
                    }
                    // It is empty for certain, unless somebody else is about to start the same in it. With it go the
                    // files that the job was to read, and secrets among them.
                    return which.madeTheSession()
                            ? records.remove(job)
                                    .onItemOrFailure()
                                    .transformToUni(
                                            (removed, again) -> Uni.createFrom().failure(failure))
                            : Uni.createFrom().failure(failure);
                });
    }

    /** Without a key a repeated call would run the command once more. */
    private static Throwable unclear(Throwable failure) {
        return failure instanceof DaytonaException daytona
                        && daytona.stage() == Stage.COMMAND
                        && daytona.mayHaveHappened()
                        && !daytona.isRefusal()
                ? daytona.notToBeRepeated()
                : failure;
    }

    private Uni<Start> existing(
            SandboxAccess sandbox,
            UUID id,
            String sessionId,
            String directory,
            JobHeader header,
            Supplier<Uni<Start>> run) {
        return polling.until(
                        Optional::isPresent,
                        STARTING,
                        () -> sandbox.toolbox().session(sessionId).map(JobRecords::commandOf))
                .chain(command -> {
                    if (command.isEmpty()) {
                        // The call that made the session died before it could start the job, or is about to.
                        // Starting it twice is harmless: the script in the sandbox lets only the first through.
                        return run.get();
                    }
                    JobHeader first = JobHeader.of(command.get().text()).orElse(header);
                    return repeated(new JobRef(sandbox, id, sessionId, command, directory, first), header);
                });
    }

    private static Uni<Start> repeated(JobRef first, JobHeader wanted) {
        return first.header().request().equals(wanted.request())
                ? Uni.createFrom().item(new Start(first, false, () -> {}))
                : Uni.createFrom()
                        .failure(new ProblemException(
                                ProblemCode.IDEMPOTENCY_CONFLICT,
                                "The Idempotency-Key was used for another job in this sandbox."));
    }

    private JobHeader header(NewJob job) {
        Duration timeout = job.timeout();
        if (timeout == null) {
            timeout = job instanceof NewJob.Prompt ? config.prompt().defaultTimeout() : config.defaultTimeout();
        }
        return new JobHeader(
                job instanceof NewJob.Prompt ? JobKind.PROMPT : JobKind.COMMAND,
                Instant.now().toEpochMilli(),
                Math.max(1, timeout.toSeconds()),
                stdin(job) instanceof NewJob.Stdin.Open,
                fingerprint(job));
    }

    private static NewJob.Stdin stdin(NewJob job) {
        return switch (job) {
            case NewJob.Command command -> command.stdin();
            case NewJob.Prompt prompt -> new NewJob.Stdin.Text(prompt.input());
        };
    }

    private static String cwd(NewJob job) {
        return job instanceof NewJob.Command command && command.cwd() != null ? command.cwd() : "";
    }

    private String command(NewJob job) {
        return switch (job) {
            case NewJob.Command command -> command.command();
            case NewJob.Prompt prompt -> command(prompt);
        };
    }

    private String command(NewJob.Prompt prompt) {
        List<String> words =
                new ArrayList<>(List.of(config.prompt().cli(), "-p", "--output-format", "stream-json", "--verbose"));
        option(words, "--model", prompt.model());
        option(words, "--resume", prompt.resume());
        option(
                words,
                "--max-turns",
                prompt.maxTurns() == null ? null : prompt.maxTurns().toString());
        option(words, "--append-system-prompt", prompt.systemPrompt());
        config.prompt().flags().ifPresent(words::addAll);
        return "cd -- \"$HOME\" && cd -- %s 2>/dev/null\nexec %s"
                .formatted(Quoting.word(config.prompt().workspace()), Quoting.words(words));
    }

    private static void option(List<String> words, String name, @Nullable String value) {
        if (value != null) {
            words.add(name);
            words.add(value);
        }
    }

    /** Equal for equal requests, on every replica. */
    private static String fingerprint(NewJob job) {
        List<String> parts = new ArrayList<>(
                switch (job) {
                    case NewJob.Command command ->
                        List.of(
                                "command",
                                command.command(),
                                String.valueOf(command.cwd()),
                                command.stdin().toString());
                    case NewJob.Prompt prompt ->
                        List.of(
                                "prompt",
                                prompt.input(),
                                String.valueOf(prompt.model()),
                                String.valueOf(prompt.resume()),
                                String.valueOf(prompt.maxTurns()),
                                String.valueOf(prompt.systemPrompt()));
                });
        parts.add(String.valueOf(job.timeout()));
        new TreeMap<>(job.env()).forEach((name, value) -> parts.addAll(List.of(name, value)));
        return Fingerprint.of(parts.toArray(String[]::new));
    }

    /** A UUID of version 8 with a fingerprint's bits. */
    private static UUID derived(String fingerprint) {
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(fingerprint));
        long high = (bytes.getLong() & 0xffffffffffff0fffL) | 0x8000L;
        long low = (bytes.getLong() & 0x3fffffffffffffffL) | 0x8000000000000000L;
        return new UUID(high, low);
    }
}
