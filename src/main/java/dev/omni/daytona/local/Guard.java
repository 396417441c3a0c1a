package dev.omni.daytona.local;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who may call what. */
final class Guard {
    private final Set<String> apiKeys;
    private final SandboxStore sandboxes;

    /** @param apiKeys those that are valid now */
    Guard(Set<String> apiKeys, SandboxStore sandboxes) {
        this.apiKeys = apiKeys;
        this.sandboxes = sandboxes;
    }

    /** For the control plane. */
    void requireKey(Exchange exchange) {
        if (!hasKey(exchange)) {
            throw Refusal.controlPlane(401, "Invalid credentials");
        }
    }

    /** For the toolbox of a sandbox, which accepts the sandbox's preview token as well. */
    Sandbox requireAccess(Exchange exchange, String sandboxId) {
        Sandbox sandbox = sandboxes.byId(sandboxId);
        if (sandbox == null || !(hasKey(exchange) || hasPreviewToken(exchange, sandbox))) {
            throw Refusal.typed(401, "unauthorized: authentication failed: Bearer token is invalid");
        }
        return sandbox;
    }

    private boolean hasKey(Exchange exchange) {
        String given = exchange.header("Authorization");
        return apiKeys.stream().anyMatch(key -> same(given, "Bearer " + key));
    }

    private static boolean hasPreviewToken(Exchange exchange, Sandbox sandbox) {
        return same(exchange.header("X-Daytona-Preview-Token"), sandbox.previewToken)
                || same(exchange.query("DAYTONA_SANDBOX_AUTH_KEY"), sandbox.previewToken);
    }

    private static boolean same(@Nullable String given, String expected) {
        return given != null
                && MessageDigest.isEqual(
                        given.getBytes(StandardCharsets.UTF_8), expected.getBytes(StandardCharsets.UTF_8));
    }
}
