package dev.omni.job;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.omni.sandbox.SandboxAccess;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.UUID;

/** Where jobs keep their own files in a sandbox: {@code ~/.omni/jobs/<id>}. */
@ApplicationScoped
class JobDirectories {
    // A home directory never moves; the bound keeps the memory of many sandboxes small.
    private final Cache<String, String> homes = Caffeine.newBuilder()
            .maximumSize(10_000)
            .expireAfterAccess(Duration.ofHours(1))
            .build();

    /** The job's directory, absolute. */
    Uni<String> of(SandboxAccess sandbox, UUID jobId) {
        return root(sandbox).map(root -> root + "/" + jobId);
    }

    /** The directory of all of them. */
    Uni<String> root(SandboxAccess sandbox) {
        return home(sandbox).map(home -> home + "/.omni/jobs");
    }

    private Uni<String> home(SandboxAccess sandbox) {
        String known = homes.getIfPresent(sandbox.id());
        if (known != null) {
            return Uni.createFrom().item(known);
        }
        return sandbox.toolbox().homeDirectory().invoke(home -> homes.put(sandbox.id(), home));
    }
}
