package dev.omni.daytona.local;

import java.time.Duration;
import java.time.Instant;
import org.jboss.logging.Logger;

/** Auto-stop, auto-archive and auto-delete. Requests and open sockets are activity, running processes are not. */
final class IdleCheck implements Runnable {
    private static final Logger LOG = Logger.getLogger(IdleCheck.class);

    private final SandboxStore sandboxes;
    private final Duration minute;

    IdleCheck(SandboxStore sandboxes, Duration minute) {
        this.sandboxes = sandboxes;
        this.minute = minute;
    }

    @Override
    public void run() {
        for (Sandbox sandbox : sandboxes.all()) {
            if (sandbox.openSockets.get() > 0) {
                sandbox.touch();
            }
            try {
                check(sandbox);
            } catch (Refusal refusal) {
                LOG.debugf("Sandbox %s changed meanwhile: %s", sandbox.id, refusal.getMessage());
            }
        }
    }

    private void check(Sandbox sandbox) {
        if (sandbox.state == SandboxState.STARTED && isIdle(sandbox, sandbox.autoStopInterval)) {
            sandboxes.stop(sandbox.id);
        } else if (sandbox.state == SandboxState.STOPPED && isIdle(sandbox, sandbox.autoDeleteInterval)) {
            sandboxes.delete(sandbox.id);
        } else if (sandbox.state == SandboxState.STOPPED && isIdle(sandbox, sandbox.autoArchiveInterval)) {
            sandboxes.archive(sandbox.id);
        }
    }

    private boolean isIdle(Sandbox sandbox, int minutes) {
        Duration idle = Duration.between(sandbox.lastActivityAt, Instant.now());
        return minutes > 0 && idle.compareTo(minute.multipliedBy(minutes)) > 0;
    }
}
