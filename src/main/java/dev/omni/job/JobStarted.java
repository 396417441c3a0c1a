package dev.omni.job;

import dev.omni.sandbox.SandboxAccess;
import java.util.UUID;

/** Fired (synchronously, on this replica) when a job has been accepted, before its start is answered. */
public record JobStarted(SandboxAccess sandbox, UUID jobId) {}
