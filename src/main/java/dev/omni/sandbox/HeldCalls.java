package dev.omni.sandbox;

import dev.omni.audit.AuditedCall;
import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.RemoteSandbox;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Calls that Daytona holds until the sandbox has started, up to half a minute. Whoever asked need not wait for that: what
 * the call does can be seen beside it, and whichever tells of it first is the answer. The call itself is never cancelled.
 */
@ApplicationScoped
class HeldCalls {
    /** A sandbox from a warm pool is answered sooner than this; a look would only be a request more. */
    private static final Duration FIRST_LOOK = Duration.ofMillis(300);
    /** Longer than Daytona holds any call. */
    private static final Duration LOOKING = Duration.ofSeconds(40);

    private static final Logger LOG = Logger.getLogger(HeldCalls.class);

    private final Polling polling;

    HeldCalls(Polling polling) {
        this.polling = polling;
    }

    /**
     * The answer to the call, or what is seen before that.
     *
     * @param what the call does, for the log
     * @param answered turns the call, which may be subscribed to again, into its answer
     * @param look sees nothing for as long as the call shows no effect; failures of Daytona count as nothing
     */
    <T> Uni<T> first(
            String what,
            Uni<RemoteSandbox> call,
            Function<Uni<RemoteSandbox>, Uni<T>> answered,
            Supplier<Uni<Optional<T>>> look) {
        Uni<RemoteSandbox> kept = AuditedCall.seenToItsEnd(
                        call, (audited, sandbox) -> audited.about(sandbox.id(), null))
                .memoize()
                .indefinitely();
        kept.subscribe()
                .with(sandbox -> LOG.debugf("%s: answered", what), failure -> LOG.infof("%s: %s", what, failure));
        Uni<T> seen = polling.pause(FIRST_LOOK)
                .chain(() -> polling.until(
                        Optional::isPresent,
                        LOOKING,
                        () -> look.get().onFailure(DaytonaException.class).recoverWithItem(Optional::empty)))
                .chain(found -> found.map(Uni.createFrom()::item).orElseGet(Uni.createFrom()::nothing));
        return Uni.combine().any().of(answered.apply(kept), seen);
    }
}
