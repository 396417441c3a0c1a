package dev.omni.sandbox;

import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.NewSandbox;
import dev.omni.daytona.RemoteSandbox;
import dev.omni.sandbox.Creation.Adoption;
import dev.omni.sandbox.Creation.Created;
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

    /** The user's sandbox: found, woken, replaced where it is broken, or created. */
    Uni<Created> ensure(String owner) {
        return ensure(blueprints.defaultOf(owner), REPLACEMENTS);
    }

    private Uni<Created> ensure(NewSandbox wanted, int replacements) {
        return creation.existing(wanted, Adoption.ALWAYS)
                .chain(found -> found.isPresent() ? found(found.get()) : creation.create(wanted, Adoption.ALWAYS))
                .chain(created -> created.fresh()
                        ? Uni.createFrom().item(created)
                        : revive(wanted, created.sandbox(), replacements))
                // Deleted under our hands: begin again.
                .onFailure(DaytonaException.is(DaytonaException.Kind.NOT_FOUND).and(failure -> replacements > 0))
                .recoverWithUni(() -> ensure(wanted, replacements - 1));
    }

    private Uni<Created> revive(NewSandbox wanted, RemoteSandbox sandbox, int replacements) {
        return switch (SandboxStatus.of(sandbox.state())) {
            case READY, CREATING -> found(sandbox);
            case STOPPED, ARCHIVED -> lifecycle.start(sandbox).chain(DefaultSandbox::found);
            case STOPPING ->
                lifecycle
                        .stopped(sandbox)
                        .chain(now -> SandboxStatus.of(now.state()) == SandboxStatus.STOPPING
                                ? found(now)
                                : revive(wanted, now, replacements));
            case ERROR, DELETING -> {
                if (sandbox.recoverable()) {
                    // Its files are the user's: it is never replaced as long as Daytona can mend it.
                    yield lifecycle.recover(sandbox).chain(DefaultSandbox::found);
                }
                yield replacements == 0 ? found(sandbox) : replace(wanted, sandbox, replacements - 1);
            }
        };
    }

    private Uni<Created> replace(NewSandbox wanted, RemoteSandbox broken, int replacements) {
        LOG.warnf("Replacing the default sandbox %s, which is %s", broken.id(), broken.state());
        return lifecycle
                .delete(broken)
                .chain(() -> polling.until(
                        now -> now.isEmpty() || !now.get().id().equals(broken.id()),
                        NAME_FREED,
                        () -> creation.find(wanted.name())))
                .chain(() -> ensure(wanted, replacements));
    }

    private static Uni<Created> found(RemoteSandbox sandbox) {
        return Uni.createFrom().item(new Created(sandbox, false));
    }
}
