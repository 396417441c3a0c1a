package dev.omni.job;

import dev.omni.daytona.Session;
import dev.omni.limit.Leases;
import dev.omni.limit.Leases.Lease;
import dev.omni.limit.LimitConfig;
import dev.omni.limit.Quota;
import dev.omni.limit.QuotaName;
import dev.omni.limit.QuotaRefusals;
import dev.omni.sandbox.Polling;
import dev.omni.sandbox.SandboxAccess;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Lets so many jobs run at a time, of a user and in a sandbox; a command that somebody waits for is one of them.
 *
 * <p>What runs in a sandbox is known from its sessions. A job announces itself by making its own, and then looks who else
 * is there: so of two that begin at once, on whichever replicas, at least one sees the other. Where that leaves too little
 * room, the one whose id comes later goes, and the other looks again. There are never more than may be; of many that begin
 * together, one or the other may go for one that goes as well, and is to come again. What a user runs in all sandboxes
 * together is counted by {@link Leases}.
 */
@ApplicationScoped
class JobQuota implements Quota {
    private static final String PER_USER = QuotaName.JOBS_PER_USER.label();

    /** How long to wait for others that begin at the same moment. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Leases leases;
    private final QuotaRefusals refusals;
    private final Polling polling;
    private final EmptySessions empty;
    private final int perUser;
    private final int perSandbox;

    JobQuota(Leases leases, QuotaRefusals refusals, Polling polling, EmptySessions empty, LimitConfig config) {
        this.leases = leases;
        this.refusals = refusals;
        this.polling = polling;
        this.empty = empty;
        this.perUser = config.quota().jobsPerUser();
        this.perSandbox = config.quota().jobsPerSandbox();
    }

    private enum Verdict {
        ADMITTED,
        REFUSED,
        /** Others that may or may not start decide. */
        OPEN
    }

    @Override
    public String name() {
        return PER_USER;
    }

    @Override
    public int limit() {
        return perUser;
    }

    @Override
    public Uni<Integer> used(String userId) {
        return leases.held(PER_USER, userId).map(List::size);
    }

    /**
     * Admits a job whose session is there and empty. Fails with {@code quota_exceeded}; whoever made the session is to
     * delete it then.
     *
     * @param timeout the job's time limit
     * @return to be released when the job has ended
     */
    Uni<Lease> admit(SandboxAccess sandbox, String sessionId, Duration timeout) {
        String owner = sandbox.owner();
        return leases.take(PER_USER, owner, perUser, sandbox.id() + "/" + sessionId, timeout.plus(JobRef.GRACE))
                .map(taken -> taken.orElseThrow(() -> refusals.of(QuotaName.JOBS_PER_USER, perUser, owner)))
                .chain(lease -> hasRoom(sandbox, sessionId)
                        .invoke(hasRoom -> {
                            if (!hasRoom) {
                                throw refusals.of(QuotaName.JOBS_PER_SANDBOX, perSandbox, owner);
                            }
                        })
                        .replaceWith(lease)
                        .onFailure()
                        .invoke(lease::release)
                        .onCancellation()
                        .invoke(lease::release));
    }

    private Uni<Boolean> hasRoom(SandboxAccess sandbox, String sessionId) {
        return polling.until(
                        verdict -> verdict != Verdict.OPEN,
                        PATIENCE,
                        () -> sandbox.toolbox().sessions().map(sessions -> judge(sandbox.id(), sessions, sessionId)))
                .map(verdict -> verdict == Verdict.ADMITTED);
    }

    private Verdict judge(String sandboxId, List<Session> sessions, String own) {
        int running = 0;
        int starting = 0;
        int startingBefore = 0;
        for (Session session : sessions) {
            if (session.id().equals(own) || !session.id().startsWith(JobRecords.SESSION_PREFIX)) {
                continue;
            }
            if (isRunning(session)) {
                running++;
            } else if (empty.isStarting(sandboxId, session)) {
                starting++;
                startingBefore += session.id().compareTo(own) < 0 ? 1 : 0;
            }
        }
        if (running + starting < perSandbox) {
            return Verdict.ADMITTED;
        }
        return running + startingBefore >= perSandbox ? Verdict.REFUSED : Verdict.OPEN;
    }

    private static boolean isRunning(Session session) {
        return JobRecords.commandOf(session)
                .filter(command -> command.exitCode() == null)
                .flatMap(command -> JobHeader.of(command.text()))
                .filter(header -> Instant.now().isBefore(JobRef.overdueAt(header)))
                .isPresent();
    }
}
