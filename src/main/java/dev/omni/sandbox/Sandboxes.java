package dev.omni.sandbox;

import dev.omni.identity.Caller;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;

/** The rules of sandboxes. */
@ApplicationScoped
public class Sandboxes {
    /**
     * Proves that the sandbox is the caller's (or that the caller is an operator) and opens it. The proof is cached for a
     * short time, since an owner never changes. Fails with {@code sandbox_not_found} otherwise: that a sandbox of somebody
     * else exists is not told.
     */
    public Uni<SandboxAccess> access(Caller caller, String sandboxId) {
        throw new UnsupportedOperationException();
    }

    /**
     * Says what a toolbox call's failure means for the caller: turns Daytona's "refused" and "not running" into
     * {@code sandbox_not_found} or {@code sandbox_not_ready} by looking at the sandbox itself. For use with
     * {@code onFailure().recoverWithUni(...)}.
     */
    public <T> Uni<T> explain(String sandboxId, Throwable failure) {
        throw new UnsupportedOperationException();
    }
}
