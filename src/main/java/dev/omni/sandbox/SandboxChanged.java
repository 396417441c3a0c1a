package dev.omni.sandbox;

/** Fired on this replica when a sandbox that it was asked to move has come to another status. */
public record SandboxChanged(String owner, String sandboxId, SandboxStatus status) {}
