package dev.omni.sandbox;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.util.function.Function;

/**
 * Whose sandbox is whose, remembered for a short time. Only what was proved is remembered, never that something is not
 * there; and of those who ask at once, one asks Daytona.
 */
@ApplicationScoped
class AccessProofs {
    /** Some hundred bytes each: a few megabytes. */
    private static final int MAX_PROOFS = 10_000;

    /** What a sandbox was seen to be. */
    record Proof(String owner, URI toolboxProxyUrl) {}

    private final Cache<String, Uni<Proof>> proofs;

    AccessProofs(SandboxConfig config) {
        proofs = Caffeine.newBuilder()
                .maximumSize(MAX_PROOFS)
                .expireAfterWrite(config.accessTtl())
                .build();
    }

    /** The remembered proof, or the one that is found now. */
    Uni<Proof> get(String sandboxId, Function<String, Uni<Proof>> find) {
        return Uni.createFrom().deferred(() -> {
            // Memoized: whoever gives up waiting cancels nothing for the others.
            Uni<Proof> proof = proofs.get(
                    sandboxId,
                    id -> find.apply(id)
                            .onFailure()
                            .invoke(() -> forget(id))
                            .memoize()
                            .indefinitely());
            // It may be found in another request's context; this one goes on in its own.
            Context context = Vertx.currentContext();
            return context == null ? proof : proof.emitOn(task -> context.runOnContext(nothing -> task.run()));
        });
    }

    void forget(String sandboxId) {
        proofs.invalidate(sandboxId);
    }
}
