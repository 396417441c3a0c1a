package dev.omni.stream;

import java.util.UUID;

/** Names a job on the wire, where a job is always told with its sandbox. */
record JobKey(String sandboxId, UUID jobId) {}
