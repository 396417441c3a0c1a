package dev.omni.sandbox;

import dev.omni.daytona.Daytona;
import dev.omni.daytona.RemoteSandbox;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * Tells what becomes of sandboxes that somebody has asked to move: the status they are answered with, and the one they come
 * to rest in. At most one watch a sandbox; it is a courtesy to clients, so whatever goes wrong only ends it.
 */
@ApplicationScoped
class Changes {
    private static final Logger LOG = Logger.getLogger(Changes.class);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** Beyond it changes are told as they are answered, and no more: each watch is a call to Daytona every second. */
    private static final int MAX_WATCHES = 500;

    private final SandboxConfig config;
    private final Daytona daytona;
    private final Polling polling;
    private final Event<SandboxChanged> changed;
    private final Set<String> watched = ConcurrentHashMap.newKeySet();

    Changes(SandboxConfig config, Daytona daytona, Polling polling, Event<SandboxChanged> changed) {
        this.config = config;
        this.daytona = daytona;
        this.polling = polling;
        this.changed = changed;
    }

    /** Tells where a sandbox is now and, if it is on its way, where it arrives. Returns at once. */
    void tell(RemoteSandbox sandbox) {
        SandboxStatus now = SandboxStatus.of(sandbox.state());
        fire(sandbox, now);
        if (isAtRest(now) || watched.size() >= MAX_WATCHES || !watched.add(sandbox.id())) {
            return;
        }
        polling.until(
                        found -> isAtRest(SandboxStatus.of(found.state())),
                        PATIENCE,
                        () -> polling.pause(Polling.FIRST_PAUSE).chain(() -> daytona.poll(sandbox.id())))
                .onTermination()
                .invoke(() -> watched.remove(sandbox.id()))
                .subscribe()
                .with(
                        found -> fire(found, SandboxStatus.of(found.state())),
                        failure -> LOG.debugf("What became of sandbox %s is not known: %s", sandbox.id(), failure));
    }

    /** Tells that a sandbox is being deleted; nothing follows that. */
    void tellDeleted(RemoteSandbox sandbox) {
        fire(sandbox, SandboxStatus.DELETING);
    }

    private void fire(RemoteSandbox sandbox, SandboxStatus status) {
        String owner = SandboxLabels.owner(sandbox, config.environment());
        if (owner != null) {
            changed.fire(new SandboxChanged(owner, sandbox.id(), status));
        }
    }

    private static boolean isAtRest(SandboxStatus status) {
        return switch (status) {
            case CREATING, STOPPING -> false;
            case READY, STOPPED, ARCHIVED, DELETING, ERROR -> true;
        };
    }
}
