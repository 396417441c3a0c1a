package dev.omni.job;

import dev.omni.audit.Action;
import dev.omni.audit.AuditTrail;
import dev.omni.audit.AuditedCall;
import dev.omni.audit.Entry;
import dev.omni.audit.Origin;
import dev.omni.audit.Outcome;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the audit trail is told of jobs beyond the calls that are made: what they run, and how they end. */
@Singleton
class JobTrail {
    private final AuditTrail trail;

    JobTrail(AuditTrail trail) {
        this.trail = trail;
    }

    /** Tells of the call that is being worked on what it is to run. */
    void asked(NewJob job) {
        AuditedCall.current().ifPresent(call -> {
            switch (job) {
                case NewJob.Command command ->
                    call.runs(command.command(), command.env().values());
                case NewJob.Prompt prompt -> call.prompts(prompt.input());
            }
        });
    }

    /** Who asks, to be remembered for the end of what is asked for. Empty where no call is being worked on. */
    Optional<Origin> asker() {
        return AuditedCall.current().map(AuditedCall::origin);
    }

    /** Tells how a job ended, on whatever thread that is found out. */
    void ended(@Nullable Origin asker, JobRef job, JobEnd end) {
        if (asker == null) {
            return;
        }
        Instant at = end.at() == null ? Instant.now() : end.at();
        Duration took = Duration.between(job.header().createdInstant(), at);
        trail.write(Entry.of(
                        job.header().kind() == JobKind.PROMPT ? Action.PROMPT_END : Action.JOB_END,
                        end.status() == JobStatus.SUCCEEDED ? Outcome.OK : Outcome.FAILED,
                        asker)
                .code(end.failureCode())
                .job(job.sandbox().id(), job.id().toString())
                .exitCode(end.status() == JobStatus.LOST ? null : (Integer) end.exitCode())
                .took(took.isNegative() ? Duration.ZERO : took)
                .build());
    }
}
