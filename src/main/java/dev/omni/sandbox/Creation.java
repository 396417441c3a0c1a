package dev.omni.sandbox;

import dev.omni.daytona.Daytona;
import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.NewSandbox;
import dev.omni.daytona.RemoteSandbox;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Creates a sandbox once, whatever becomes of the answer.
 *
 * <p>Daytona knows no idempotency, holds the call for up to half a minute, and can fail it although the sandbox is there.
 * But names are unique and we choose them: so while the call is out, the name is looked up beside it, and whichever tells
 * of the sandbox first is the answer. The call itself is never cancelled.
 */
@ApplicationScoped
class Creation {
    /** A sandbox that comes from a warm pool is answered sooner than this; a look would only be a request more. */
    private static final Duration FIRST_LOOK = Duration.ofMillis(300);
    /** Longer than Daytona holds the call. */
    private static final Duration LOOKING = Duration.ofSeconds(40);
    /** How long a sandbox may take to show after a call whose outcome is not known; Daytona writes it down first. */
    private static final Duration OUTCOME_UNKNOWN = Duration.ofSeconds(5);

    private static final Logger LOG = Logger.getLogger(Creation.class);

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
    private final Polling polling;

    Creation(Daytona daytona, Polling polling) {
        this.daytona = daytona;
        this.polling = polling;
    }

    /** Creates the sandbox or adopts the one that has its name. */
    Uni<Created> create(NewSandbox wanted, Adoption adoption) {
        Uni<RemoteSandbox> call = daytona.create(wanted).memoize().indefinitely();
        call.subscribe()
                .with(
                        sandbox -> LOG.debugf("Daytona answered the creation of %s", wanted.name()),
                        failure -> LOG.warnf("Creating %s failed: %s", wanted.name(), failure));
        Uni<Created> answered = call.map(sandbox -> new Created(sandbox, true))
                .onFailure(DaytonaException.class)
                .recoverWithUni(failure -> afterFailure(wanted, adoption, failure));
        Uni<Created> seen = polling.pause(FIRST_LOOK)
                .chain(() -> polling.until(Optional::isPresent, LOOKING, () -> look(wanted.name())))
                .chain(found -> found.map(sandbox -> Uni.createFrom().item(judge(wanted, adoption, sandbox)))
                        .orElseGet(() -> Uni.createFrom().nothing()));
        return Uni.combine().any().of(answered, seen);
    }

    /** The sandbox that has the wanted name already, where it may be adopted. */
    Uni<Optional<RemoteSandbox>> existing(NewSandbox wanted, Adoption adoption) {
        return find(wanted.name())
                .map(found ->
                        found.map(sandbox -> judge(wanted, adoption, sandbox).sandbox()));
    }

    /** The sandbox of that name. */
    Uni<Optional<RemoteSandbox>> find(String name) {
        return daytona.get(name)
                .map(Optional::of)
                .onFailure(DaytonaException.is(DaytonaException.Kind.NOT_FOUND))
                .recoverWithItem(Optional::empty);
    }

    /** A look beside the call: one that fails tells nothing, and the call goes on. */
    private Uni<Optional<RemoteSandbox>> look(String name) {
        return find(name).onFailure().recoverWithItem(Optional::empty);
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
        if (patience.isNegative()) {
            return Uni.createFrom().failure(failure);
        }
        return polling.until(Optional::isPresent, patience, () -> look(wanted.name()))
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
