package dev.omni.job;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A job as its owner sees it.
 *
 * @param exitCode null while it runs, and when the end cannot be known
 * @param cursor the position of the job's beginning: subscribing from it replays everything
 * @param result of a prompt that ended
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Job(
        UUID id,
        String sandboxId,
        JobKind kind,
        JobStatus status,
        @Nullable Integer exitCode,
        Instant createdAt,
        @Nullable Instant finishedAt,
        String cursor,
        JobEvent.@Nullable JobResult result) {}
