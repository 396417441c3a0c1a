package dev.omni.sandbox;

import dev.omni.daytona.Toolbox;

/**
 * A caller's proven right to a sandbox, and the way in.
 *
 * @param owner the user the sandbox belongs to, who is not the caller when an operator calls
 */
public record SandboxAccess(String id, String owner, Toolbox toolbox) {}
