package dev.omni.sandbox;

import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.NewSandbox;
import dev.omni.daytona.RemoteSandbox;
import dev.omni.sandbox.Creation.Adoption;
import dev.omni.sandbox.SandboxMeters.Origin;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * A user's one long-lived sandbox. Its Daytona name follows from the user, so that any number of replicas that are asked
 * at once make one: Daytona lets one of them have the name, and the others take what that one made.
 */
@ApplicationScoped
class DefaultSandbox {
    /** A broken one is replaced, and its replacement if that breaks as well; then the caller is told. */
    private static final int REPLACEMENTS = 2;
    /** Daytona frees a name at once when it accepts a deletion. */
    private static final Duration NAME_FREED = Duration.ofSeconds(5);

    private static final Logger LOG = Logger.getLogger(DefaultSandbox.class);

    private final Blueprints blueprints;
    private final Creation creation;
    private final Lifecycle lifecycle;
    private final Polling polling;

    DefaultSandbox(Blueprints blueprints, Creation creation, Lifecycle lifecycle, Polling polling) {
        this.blueprints = blueprints;
        this.creation = creation;
        this.lifecycle = lifecycle;
        this.polling = polling;
    }

    /** A user's sandbox, and what it took to have it. */
    record Ensured(RemoteSandbox sandbox, Origin origin) {}

    /** The user's sandbox: found, woken, replaced where it is broken, or created. */
    Uni<Ensured> ensure(String owner) {
        return ensure(blueprints.defaultOf(owner), REPLACEMENTS);
    }

    private Uni<Ensured> ensure(NewSandbox wanted, int replacements) {
        return creation.existing(wanted, Adoption.ALWAYS)
                .chain(found ->
                        found.isPresent() ? revive(wanted, found.get(), replacements) : create(wanted, replacements))
                // Deleted under our hands: begin again.
                .onFailure(DaytonaException.is(DaytonaException.Kind.NOT_FOUND).and(failure -> replacements > 0))
                .recoverWithUni(() -> ensure(wanted, replacements - 1));
    }

    private Uni<Ensured> create(NewSandbox wanted, int replacements) {
        return creation.create(wanted, Adoption.ALWAYS)
                .chain(created -> created.fresh()
                        ? ensured(created.sandbox(), Origin.CREATED)
                        : revive(wanted, created.sandbox(), replacements));
    }

    private Uni<Ensured> revive(NewSandbox wanted, RemoteSandbox sandbox, int replacements) {
        return switch (SandboxStatus.of(sandbox.state())) {
            case READY, CREATING -> ensured(sandbox, Origin.FOUND);
            case STOPPED, ARCHIVED -> lifecycle.start(sandbox).chain(started -> ensured(started, Origin.WOKEN));
            case STOPPING ->
                lifecycle
                        .stopped(sandbox)
                        .chain(now -> SandboxStatus.of(now.state()) == SandboxStatus.STOPPING
                                ? ensured(now, Origin.FOUND)
                                : revive(wanted, now, replacements));
            case ERROR, DELETING -> {
                if (sandbox.recoverable()) {
                    // Its files are the user's: it is never replaced as long as Daytona can mend it.
                    yield lifecycle.recover(sandbox).chain(mended -> ensured(mended, Origin.RECOVERED));
                }
                yield replacements == 0 ? ensured(sandbox, Origin.FOUND) : replace(wanted, sandbox, replacements - 1);
            }
        };
    }

    private Uni<Ensured> replace(NewSandbox wanted, RemoteSandbox broken, int replacements) {
        LOG.warnf("Replacing the default sandbox %s, which is %s", broken.id(), broken.state());
        return lifecycle
                .delete(broken)
                .chain(() -> polling.until(
                        now -> now.isEmpty() || !now.get().id().equals(broken.id()),
                        NAME_FREED,
                        () -> creation.find(wanted.name())))
                .chain(() -> ensure(wanted, replacements));
    }

    private static Uni<Ensured> ensured(RemoteSandbox sandbox, Origin origin) {
        return Uni.createFrom().item(new Ensured(sandbox, origin));
    }
}
