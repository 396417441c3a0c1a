package dev.omni.daytona;

import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Daytona's control plane. Every call has a timeout, carries the current key, and fails with a {@link DaytonaException}.
 * Reads are retried when the connection fails or Daytona is unavailable; nothing else is.
 */
@ApplicationScoped
public class Daytona {
    /** Whether an API URL and key are there at all. Without them every call fails as {@code NOT_CONFIGURED}. */
    public boolean isConfigured() {
        throw new UnsupportedOperationException();
    }

    /**
     * Creates a sandbox. Daytona holds the call for up to 30 s and can then still say {@code creating}; it can also answer
     * 400 for a sandbox that exists in error, so look it up by name before giving up.
     */
    public Uni<RemoteSandbox> create(NewSandbox sandbox) {
        throw new UnsupportedOperationException();
    }

    /** One sandbox, by id or by name (an id wins). Fails as {@code NOT_FOUND}. */
    public Uni<RemoteSandbox> get(String idOrName) {
        throw new UnsupportedOperationException();
    }

    /**
     * A page of the sandboxes that carry all the labels, newest first. Eventually consistent.
     *
     * @param states only these; empty means all
     * @param limit 1 to 200
     */
    public Uni<Page<RemoteSandbox>> list(
            Map<String, String> labels, Set<RemoteState> states, int limit, @Nullable String cursor) {
        throw new UnsupportedOperationException();
    }

    /** Starts a stopped or archived sandbox; a started one is left as it is. Daytona holds the call for up to 30 s. */
    public Uni<RemoteSandbox> start(String id) {
        throw new UnsupportedOperationException();
    }

    /** Stops a started sandbox. A sandbox that is already stopped is a success. */
    public Uni<Void> stop(String id) {
        throw new UnsupportedOperationException();
    }

    /** Deletes a sandbox. Fails as {@code CONFLICT} while it is busy. */
    public Uni<Void> delete(String id) {
        throw new UnsupportedOperationException();
    }

    /**
     * The toolbox of a sandbox.
     *
     * @param toolboxProxyUrl as the sandbox tells it; refused when it is not a host that our key may be sent to
     */
    public Toolbox toolbox(String sandboxId, URI toolboxProxyUrl) {
        throw new UnsupportedOperationException();
    }
}
