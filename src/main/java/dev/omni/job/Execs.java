package dev.omni.job;

import dev.omni.audit.AuditedCall;
import dev.omni.daytona.DaytonaException;
import dev.omni.identity.Caller;
import dev.omni.job.JobEvent.Done;
import dev.omni.job.JobEvent.Failure;
import dev.omni.job.JobEvent.Log;
import dev.omni.job.JobEvent.OutputStream;
import dev.omni.job.JobEvent.Result;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.problem.Stage;
import dev.omni.sandbox.SandboxAccess;
import dev.omni.sandbox.Sandboxes;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/** Short commands that a caller waits for: jobs that are read to their end at once and leave nothing behind. */
@ApplicationScoped
class Execs {
    private static final Logger LOG = Logger.getLogger(Execs.class);

    private final Sandboxes sandboxes;
    private final JobStarter starter;
    private final JobRecords records;
    private final JobLogs logs;
    private final JobMeters meters;
    private final JobTrail trail;
    private final int limit;

    Execs(
            Sandboxes sandboxes,
            JobStarter starter,
            JobRecords records,
            JobLogs logs,
            JobMeters meters,
            JobTrail trail,
            JobConfig config) {
        this.sandboxes = sandboxes;
        this.starter = starter;
        this.records = records;
        this.logs = logs;
        this.meters = meters;
        this.trail = trail;
        this.limit = (int) config.execOutputLimit().asLongValue();
    }

    /** Runs a command. Fails with {@code exec_timeout} beside the codes of {@link Jobs#start}. */
    Uni<ExecResult> run(Caller caller, String sandboxId, NewJob.Command command) {
        long begun = System.nanoTime();
        trail.asked(command);
        Optional<AuditedCall> call = AuditedCall.current();
        AtomicBoolean runs = new AtomicBoolean();
        return sandboxes
                .access(caller, sandboxId)
                .chain(sandbox -> run(sandbox, command, runs)
                        .onFailure(DaytonaException.class)
                        .recoverWithUni(failure -> sandboxes.explain(sandboxId, failure)))
                // It takes no key: a repeated call would run the command once more.
                .onFailure(failure -> runs.get() && failure instanceof ProblemException)
                .transform(failure -> ((ProblemException) failure).notToBeRepeated())
                .invoke(result -> call.ifPresent(audited -> audited.ended(result.exitCode())))
                .onTermination()
                .invoke((result, failure, gone) -> meters.executed(result, failure, begun));
    }

    private Uni<ExecResult> run(SandboxAccess sandbox, NewJob.Command command, AtomicBoolean runs) {
        long begun = System.nanoTime();
        return begin(sandbox, command).chain(start -> {
            runs.set(true);
            JobRef job = start.job();
            Printed printed = new Printed(limit);
            AtomicBoolean ended = new AtomicBoolean();
            return Stage.COMMAND
                    .of(logs.events(job, Cursor.START)
                            .invoke(printed::add)
                            .collect()
                            .last())
                    .map(last -> {
                        ended.set(true);
                        return result((Done) last, printed, Duration.ofNanos(System.nanoTime() - begun));
                    })
                    .onTermination()
                    .invoke(() -> cleanUp(start, ended.get()));
        });
    }

    /**
     * Goes on to its end also when nobody waits for it any more: what has begun by then is to be ended, and must be known for
     * that.
     */
    private Uni<JobStarter.Start> begin(SandboxAccess sandbox, NewJob.Command command) {
        Uni<JobStarter.Start> begun =
                starter.startUnlisted(sandbox, command).memoize().indefinitely();
        begun.subscribe().with(start -> {}, failure -> LOG.debugf("A command was not started: %s", failure));
        return begun.onCancellation()
                .invoke(() -> begun.subscribe().with(start -> cleanUp(start, false), failure -> {}));
    }

    private static ExecResult result(Done done, Printed printed, Duration took) {
        return switch (done.status()) {
            case SUCCEEDED, FAILED, CANCELLED ->
                new ExecResult(
                        done.exitCode(),
                        printed.stdout.toString(StandardCharsets.UTF_8),
                        printed.stderr.toString(StandardCharsets.UTF_8),
                        printed.truncated,
                        took.toMillis());
            case TIMED_OUT ->
                throw new ProblemException(
                                ProblemCode.EXEC_TIMEOUT, "The command reached its time limit and was ended.")
                        .at(Stage.COMMAND);
            case LOST, RUNNING ->
                throw new ProblemException(
                                ProblemCode.UPSTREAM_ERROR,
                                "How the command ended cannot be known: its sandbox stopped.")
                        .at(Stage.COMMAND);
        };
    }

    /** Goes on in the background: nobody waits for it, and what stays behind costs a folder. */
    private void cleanUp(JobStarter.Start start, boolean ended) {
        JobRef job = start.job();
        Uni<Void> stop = ended ? Uni.createFrom().voidItem() : Jobs.end(job);
        stop.onFailure()
                .recoverWithNull()
                .invoke(start.ended())
                .chain(() -> records.remove(job))
                .subscribe()
                .with(done -> {}, failure -> LOG.debugf("Left behind by a command: %s", failure));
    }

    private static boolean isInsideCharacter(byte utf8) {
        return (utf8 & 0xC0) == 0x80;
    }

    /** What was printed, up to a limit for each stream. */
    private static final class Printed {
        private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
        private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
        private final int limit;
        private boolean truncated;

        Printed(int limit) {
            this.limit = limit;
        }

        void add(JobEvent event) {
            switch (event) {
                case Log log -> {
                    byte[] bytes = log.base64()
                            ? Base64.getDecoder().decode(log.data())
                            : log.data().getBytes(StandardCharsets.UTF_8);
                    ByteArrayOutputStream out = log.stream() == OutputStream.STDERR ? stderr : stdout;
                    int room = Math.min(bytes.length, limit - out.size());
                    while (room > 0 && room < bytes.length && isInsideCharacter(bytes[room])) {
                        room--;
                    }
                    out.write(bytes, 0, room);
                    truncated |= room < bytes.length;
                }
                case Result result -> {}
                case Failure failure -> {}
                case Done done -> {}
            }
        }
    }
}
