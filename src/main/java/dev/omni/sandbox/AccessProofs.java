package dev.omni.sandbox;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
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

    private final AsyncCache<String, Proof> proofs;

    AccessProofs(SandboxConfig config) {
        proofs = Caffeine.newBuilder()
                .maximumSize(MAX_PROOFS)
                .expireAfterWrite(config.accessTtl())
                .buildAsync();
    }

    /** The remembered proof, or the one that is found now. */
    Uni<Proof> get(String sandboxId, Function<String, Uni<Proof>> find) {
        return Uni.createFrom().deferred(() -> {
            // A copy: whoever gives up waiting must not cancel the look-up of all the others.
            CompletableFuture<Proof> proof = proofs.get(
                            sandboxId, (id, executor) -> find.apply(id).subscribeAsCompletionStage())
                    .copy();
            Uni<Proof> shared = Uni.createFrom().completionStage(proof);
            // It may be found in another request's context; this one goes on in its own.
            Context context = Vertx.currentContext();
            return context == null ? shared : shared.emitOn(task -> context.runOnContext(nothing -> task.run()));
        });
    }

    void forget(String sandboxId) {
        proofs.synchronous().invalidate(sandboxId);
    }
}
