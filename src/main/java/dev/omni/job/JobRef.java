package dev.omni.job;

import dev.omni.daytona.Session;
import dev.omni.sandbox.SandboxAccess;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * A job in Daytona: where it runs and what is written there of it.
 *
 * @param command the session command that runs it, as it was when looked up; empty when its session is gone, so that its end
 *     cannot be known
 * @param directory its own directory in the sandbox, absolute
 */
record JobRef(
        SandboxAccess sandbox,
        UUID id,
        String sessionId,
        Optional<Session.Command> command,
        String directory,
        JobHeader header) {
    /** What a sandbox may take longer than the time limit to end a command and tell of it. */
    static final Duration GRACE = Duration.ofSeconds(90);

    /** Whether it is one of the sandbox's jobs, rather than a command that somebody waits for. */
    boolean isListed() {
        return sessionId.equals(JobRecords.sessionOf(id));
    }

    /** When a job without an exit code counts as lost: its time limit is enforced inside the sandbox, and long over. */
    Instant overdueAt() {
        return overdueAt(header);
    }

    static Instant overdueAt(JobHeader header) {
        return header.createdInstant().plusSeconds(header.timeoutSeconds()).plus(GRACE);
    }
}
