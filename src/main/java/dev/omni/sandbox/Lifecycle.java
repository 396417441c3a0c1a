package dev.omni.sandbox;

import dev.omni.daytona.Daytona;
import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.daytona.RemoteSandbox;
import dev.omni.daytona.RemoteState;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.problem.Stage;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Moves a sandbox from one status to another, where its present one allows it. Else {@code sandbox_not_ready}. */
@ApplicationScoped
class Lifecycle {
    /** A stop is a TERM, 10 seconds, and a KILL. */
    private static final Duration STOPPING = Duration.ofSeconds(15);
    /** Daytona deletes nothing that is in motion; most motions are over by then. */
    private static final Duration BUSY = Duration.ofSeconds(10);

    private static final Predicate<Throwable> CONFLICT = DaytonaException.is(Kind.CONFLICT);

    private final Daytona daytona;
    private final HeldCalls calls;
    private final Polling polling;

    Lifecycle(Daytona daytona, HeldCalls calls, Polling polling) {
        this.daytona = daytona;
        this.calls = calls;
        this.polling = polling;
    }

    /** Starts a stopped or archived sandbox, and answers as soon as it can be seen to move. */
    Uni<RemoteSandbox> start(RemoteSandbox sandbox) {
        return switch (SandboxStatus.of(sandbox.state())) {
            case READY, CREATING -> Uni.createFrom().item(sandbox);
            case STOPPED, ARCHIVED -> wake(sandbox);
            case STOPPING, DELETING, ERROR -> Uni.createFrom().failure(notReady(sandbox));
        };
    }

    Uni<RemoteSandbox> stop(RemoteSandbox sandbox) {
        return switch (SandboxStatus.of(sandbox.state())) {
            case STOPPING, STOPPED, ARCHIVED -> Uni.createFrom().item(sandbox);
            case READY ->
                Stage.STOP
                        .of(daytona.stop(sandbox.id()))
                        .chain(() -> after(sandbox.in(RemoteState.STOPPING)))
                        .onFailure(CONFLICT)
                        .recoverWithUni(() -> overtaken(sandbox.id()));
            case CREATING, DELETING, ERROR -> Uni.createFrom().failure(notReady(sandbox));
        };
    }

    /** Archives a stopped sandbox. */
    Uni<RemoteSandbox> archive(RemoteSandbox sandbox) {
        return switch (sandbox.state()) {
            case ARCHIVING, ARCHIVED -> Uni.createFrom().item(sandbox);
            case STOPPED ->
                Stage.ARCHIVE.of(daytona.archive(sandbox.id())).chain(() -> after(sandbox.in(RemoteState.ARCHIVING)));
            default -> Uni.createFrom().failure(notReady(sandbox));
        };
    }

    /** Deletes it, waiting a while for what keeps it busy. That it is gone already is a success. */
    Uni<Void> delete(RemoteSandbox sandbox) {
        return polling.until(deleted -> deleted, BUSY, () -> tryToDelete(sandbox.id()))
                .invoke(deleted -> {
                    if (!deleted) {
                        throw busy();
                    }
                })
                .replaceWithVoid();
    }

    /** Waits for a sandbox that is stopping to have stopped, within bounds. */
    Uni<RemoteSandbox> stopped(RemoteSandbox sandbox) {
        return waitFor(sandbox, STOPPING, now -> SandboxStatus.of(now.state()) != SandboxStatus.STOPPING);
    }

    /**
     * Looks at a sandbox until it has got where it is on its way to, or the time is over, or it cannot be looked at: what it
     * was when it was last seen is the answer then. Whatever set it on its way has succeeded. Fails only when it is gone.
     */
    Uni<RemoteSandbox> waitFor(RemoteSandbox sandbox, Duration wait, Predicate<RemoteSandbox> settled) {
        return Uni.createFrom().deferred(() -> {
            AtomicReference<RemoteSandbox> seen = new AtomicReference<>(sandbox);
            return seenAtLast(
                    polling.until(
                            settled, wait, () -> daytona.poll(sandbox.id()).invoke(seen::set)),
                    seen::get);
        });
    }

    /** What a sandbox is after a change: as it is expected to be, where it cannot be looked at. */
    private Uni<RemoteSandbox> after(RemoteSandbox expected) {
        return seenAtLast(daytona.get(expected.id()), () -> expected);
    }

    private static Uni<RemoteSandbox> seenAtLast(Uni<RemoteSandbox> look, Supplier<RemoteSandbox> last) {
        return look.onFailure(DaytonaException.class)
                .recoverWithUni(failure -> DaytonaException.is(Kind.NOT_FOUND).test(failure)
                        ? Uni.createFrom().failure(failure)
                        : Uni.createFrom().item(last.get()));
    }

    static ProblemException notReady(RemoteSandbox sandbox) {
        return new ProblemException(
                ProblemCode.SANDBOX_NOT_READY,
                "The sandbox is "
                        + switch (SandboxStatus.of(sandbox.state())) {
                            case CREATING -> "being created or started.";
                            case READY -> "running. Stop it first.";
                            case STOPPING -> "stopping.";
                            case STOPPED -> "stopped. Start it first.";
                            case ARCHIVED -> "archived. Start it first.";
                            case DELETING -> "being deleted.";
                            case ERROR -> "broken.";
                        });
    }

    /** Has Daytona mend a sandbox in error, whose files are still there. */
    Uni<RemoteSandbox> recover(RemoteSandbox sandbox) {
        return moved(
                "Recovering " + sandbox.id(),
                sandbox,
                daytona.recover(sandbox.id()),
                now -> SandboxStatus.of(now.state()) != SandboxStatus.ERROR);
    }

    private Uni<RemoteSandbox> wake(RemoteSandbox sandbox) {
        return moved("Starting " + sandbox.id(), sandbox, daytona.start(sandbox.id()), Lifecycle::moves);
    }

    private Uni<RemoteSandbox> moved(
            String what, RemoteSandbox sandbox, Uni<RemoteSandbox> moving, Predicate<RemoteSandbox> moves) {
        return Stage.START.of(calls.first(
                what,
                moving,
                // After a conflict (somebody else moves it) or a bad request (it failed), what it is now tells.
                call -> call.onFailure(CONFLICT.or(DaytonaException.is(Kind.BAD_REQUEST)))
                        .recoverWithUni(() -> daytona.get(sandbox.id())),
                () -> daytona.poll(sandbox.id()).map(now -> Optional.of(now).filter(moves))));
    }

    /** Somebody else moved it at the same moment: perhaps to where it was meant to go. */
    private Uni<RemoteSandbox> overtaken(String id) {
        return daytona.get(id).invoke(now -> {
            if (SandboxStatus.of(now.state()) == SandboxStatus.READY) {
                throw busy();
            }
        });
    }

    private static ProblemException busy() {
        return new ProblemException(ProblemCode.SANDBOX_NOT_READY, "The sandbox is busy. Try again in a moment.");
    }

    private static boolean moves(RemoteSandbox sandbox) {
        SandboxStatus status = SandboxStatus.of(sandbox.state());
        return status != SandboxStatus.STOPPED && status != SandboxStatus.ARCHIVED;
    }

    /** False while it is busy. A second deletion is refused as busy too, so a look tells the two apart. */
    private Uni<Boolean> tryToDelete(String id) {
        return Stage.DELETE
                .of(daytona.delete(id))
                .replaceWith(true)
                .onFailure(CONFLICT)
                .recoverWithUni(
                        () -> daytona.get(id).map(now -> SandboxStatus.of(now.state()) == SandboxStatus.DELETING))
                .onFailure(DaytonaException.is(Kind.NOT_FOUND))
                .recoverWithItem(true);
    }
}
