package dev.omni.job;

import dev.omni.identity.Caller;
import dev.omni.sandbox.SandboxAccess;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The rules of jobs. Each call checks that the sandbox is the caller's. */
@ApplicationScoped
public class Jobs {
    /**
     * Starts a job. With an idempotency key a repeated call gives the job of the first, or fails with
     * {@code idempotency_conflict} when it asks for something else. Fails with {@code sandbox_not_found} or
     * {@code sandbox_not_ready}.
     */
    public Uni<Job> start(Caller caller, String sandboxId, NewJob job, @Nullable String idempotencyKey) {
        throw new UnsupportedOperationException();
    }

    /**
     * Follows a job from a cursor, or from its start. Fails with {@code sandbox_not_found}, {@code job_not_found},
     * {@code sandbox_not_ready} or {@code invalid_cursor}.
     */
    public Uni<JobStream> events(Caller caller, String sandboxId, UUID jobId, @Nullable String cursor) {
        throw new UnsupportedOperationException();
    }

    /** Follows a job that was just {@linkplain JobStarted started}, from its start. */
    public Uni<JobStream> events(SandboxAccess sandbox, UUID jobId) {
        throw new UnsupportedOperationException();
    }

    /** Writes to a job's stdin. Fails with {@code job_finished} or {@code input_closed}, beside the codes of events. */
    public Uni<Void> input(Caller caller, String sandboxId, UUID jobId, String data) {
        throw new UnsupportedOperationException();
    }

    /** Ends a running job: TERM, then KILL. Fails with {@code job_finished}, beside the codes of events. */
    public Uni<Void> cancel(Caller caller, String sandboxId, UUID jobId) {
        throw new UnsupportedOperationException();
    }
}
