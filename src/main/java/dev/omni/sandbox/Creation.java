package dev.omni.sandbox;

import dev.omni.audit.AuditedCall;
import dev.omni.daytona.Daytona;
import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.NewSandbox;
import dev.omni.daytona.RemoteSandbox;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.problem.Stage;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * Creates a sandbox once, whatever becomes of the answer.
 *
 * <p>Daytona knows no idempotency, and can fail the call although the sandbox is there. But names are unique and we choose
 * them: so the name tells whether there is one, and its labels whose it is and which call made it.
 */
@ApplicationScoped
class Creation {
    /** How long a sandbox may take to show after a call whose outcome is not known; Daytona writes it down first. */
    private static final Duration OUTCOME_UNKNOWN = Duration.ofSeconds(5);

    /** What to do with a sandbox of the same owner that has the name already. */
    enum Adoption {
        /** It is another one: {@code name_taken}. */
        NEVER,
        /** The same request made it: take it, else {@code idempotency_conflict}. */
        SAME_REQUEST,
        ALWAYS
    }

    /**
     * A sandbox that was created.
     *
     * @param fresh whether this call made it, not one before or beside it
     */
    record Created(RemoteSandbox sandbox, boolean fresh) {}

    private final Daytona daytona;
    private final HeldCalls calls;
    private final Polling polling;
    private final SandboxQuota quota;

    Creation(Daytona daytona, HeldCalls calls, Polling polling, SandboxQuota quota) {
        this.daytona = daytona;
        this.calls = calls;
        this.polling = polling;
        this.quota = quota;
    }

    /** Creates the sandbox or adopts the one that has its name. Fails with {@code quota_exceeded}. */
    Uni<Created> create(NewSandbox wanted, Adoption adoption) {
        return AuditedCall.seenToItsEnd(
                quota.admit(
                        Objects.requireNonNull(wanted.labels().get(SandboxLabels.OWNER)),
                        wanted.name(),
                        () -> adoption == Adoption.NEVER
                                ? Uni.createFrom().item(Optional.empty())
                                : existing(wanted, adoption),
                        () -> make(wanted, adoption)),
                (call, created) -> call.about(created.sandbox().id(), null));
    }

    private Uni<Created> make(NewSandbox wanted, Adoption adoption) {
        return Stage.CREATE.of(calls.first(
                "Creating " + wanted.name(),
                daytona.create(wanted),
                call -> call.map(sandbox -> new Created(sandbox, true))
                        .onFailure(DaytonaException.class)
                        .recoverWithUni(failure -> afterFailure(wanted, adoption, failure)),
                () -> look(wanted.name()).map(found -> found.map(sandbox -> judge(wanted, adoption, sandbox)))));
    }

    /** The sandbox that has the wanted name already, where it may be adopted. */
    Uni<Optional<RemoteSandbox>> existing(NewSandbox wanted, Adoption adoption) {
        return find(wanted.name())
                .map(found ->
                        found.map(sandbox -> judge(wanted, adoption, sandbox).sandbox()));
    }

    /** The sandbox of that name. */
    Uni<Optional<RemoteSandbox>> find(String name) {
        return orNothing(daytona.get(name));
    }

    private Uni<Optional<RemoteSandbox>> look(String name) {
        return orNothing(daytona.poll(name));
    }

    private static Uni<Optional<RemoteSandbox>> orNothing(Uni<RemoteSandbox> sandbox) {
        return sandbox.map(Optional::of)
                .onFailure(DaytonaException.is(DaytonaException.Kind.NOT_FOUND))
                .recoverWithItem(Optional::empty);
    }

    private Uni<Created> afterFailure(NewSandbox wanted, Adoption adoption, DaytonaException failure) {
        Duration patience = switch (failure.kind()) {
            // It is there, or was a moment ago.
            case CONFLICT -> Duration.ZERO;
            // Daytona says 400 also for a sandbox that it made and that failed to start.
            case BAD_REQUEST -> Duration.ZERO;
            case UNAVAILABLE, TIMEOUT, FAILED -> OUTCOME_UNKNOWN;
            case NOT_CONFIGURED, REFUSED, NOT_FOUND, GONE, NOT_RUNNING, RATE_LIMITED -> Duration.ofNanos(-1);
        };
        if (patience.isNegative() || !failure.mayHaveHappened()) {
            return Uni.createFrom().failure(failure);
        }
        // A look that fails tells nothing either.
        return polling.until(
                        Optional::isPresent,
                        patience,
                        () -> look(wanted.name())
                                .onFailure(DaytonaException.class)
                                .recoverWithItem(Optional::empty))
                .map(found -> judge(wanted, adoption, found.orElseThrow(() -> failure)));
    }

    private static Created judge(NewSandbox wanted, Adoption adoption, RemoteSandbox found) {
        if (same(wanted, found, SandboxLabels.ATTEMPT)) {
            return new Created(found, true);
        }
        boolean ours = same(wanted, found, SandboxLabels.MANAGED)
                && same(wanted, found, SandboxLabels.ENVIRONMENT)
                && same(wanted, found, SandboxLabels.OWNER);
        if (!ours || adoption == Adoption.NEVER) {
            throw nameTaken();
        }
        if (adoption == Adoption.SAME_REQUEST && !same(wanted, found, SandboxLabels.REQUEST)) {
            throw new ProblemException(
                    ProblemCode.IDEMPOTENCY_CONFLICT,
                    "The Idempotency-Key made a sandbox from another request. Use a new key for a new request.");
        }
        return new Created(found, false);
    }

    static ProblemException nameTaken() {
        return new ProblemException(ProblemCode.NAME_TAKEN, "One of your sandboxes has that name.");
    }

    private static boolean same(NewSandbox wanted, RemoteSandbox found, String label) {
        String value = wanted.labels().get(label);
        return value != null && value.equals(found.labels().get(label));
    }
}
