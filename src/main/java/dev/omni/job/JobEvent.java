package dev.omni.job;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One thing that happened in a job, in the order of the job's log. A job is any number of {@link Log}s, at most one
 * {@link Result}, at most one {@link Failure}, and always, last and once, {@link Done}.
 */
public sealed interface JobEvent {
    /** The position behind this event: resuming from it gives exactly what follows. Opaque, URL-safe. */
    String cursor();

    /** When this replica read it. */
    Instant at();

    /**
     * Output.
     *
     * @param data text, or base64 where {@code base64} says that the bytes are no valid UTF-8
     */
    record Log(String cursor, Instant at, OutputStream stream, String data, boolean base64) implements JobEvent {}

    /** What a prompt job came to. */
    record Result(String cursor, Instant at, JobResult result) implements JobEvent {}

    /**
     * The job did not succeed.
     *
     * @param code stable, snake_case: {@code command_failed}, {@code exec_timeout}, {@code cancelled}, {@code job_lost},
     *     {@code output_lost} or {@code prompt_failed}
     */
    record Failure(String cursor, Instant at, String code, String message) implements JobEvent {}

    /**
     * The end.
     *
     * @param exitCode from Daytona's record of the command; -1 when it cannot be known
     */
    record Done(String cursor, Instant at, int exitCode, JobStatus status) implements JobEvent {}

    /** The stream that output was written to. */
    enum OutputStream {
        STDOUT,
        STDERR
    }

    /**
     * The result of a prompt, as Claude Code reports it.
     *
     * @param costUsd null where it was not reported
     */
    record JobResult(
            String text,
            @Nullable String sessionId,
            @Nullable Double costUsd,
            @Nullable Integer turns,
            boolean isError) {}
}
