package dev.omni.job;

import io.smallrye.mutiny.Multi;

/**
 * A job's events from a position on.
 *
 * @param cursor the position the events start at
 * @param events read on demand only; ends after {@link JobEvent.Done} and never fails; cancelling releases everything.
 *     May be subscribed to once
 */
public record JobStream(String cursor, Multi<JobEvent> events) {}
