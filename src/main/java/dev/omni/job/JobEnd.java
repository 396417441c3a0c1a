package dev.omni.job;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a job ended.
 *
 * @param exitCode from Daytona's record; -1 when there is none
 * @param at null where it is not known
 * @param outputLost whether the end of the output went with the job's session before it could be read
 */
record JobEnd(JobStatus status, int exitCode, @Nullable Instant at, boolean outputLost) {
    static JobEnd lost() {
        return new JobEnd(JobStatus.LOST, -1, null, false);
    }

    JobEnd withOutputLost() {
        return new JobEnd(status, exitCode, at, true);
    }

    /** Whether all that was printed could be read, so that nothing can have been behind it. */
    boolean isOutputWhole() {
        return !outputLost && status != JobStatus.LOST;
    }

    /** The reason that the closing failure tells; null for a success. */
    @Nullable
    String failureCode() {
        return switch (status) {
            case FAILED -> "command_failed";
            case CANCELLED -> "cancelled";
            case TIMED_OUT -> "exec_timeout";
            case LOST -> "job_lost";
            case SUCCEEDED, RUNNING -> outputLost ? "output_lost" : null;
        };
    }

    String failureMessage() {
        return switch (status) {
            case FAILED ->
                exitCode == 127
                        ? "The program to run was not found in the sandbox (exit code 127)."
                        : "The command ended with exit code %d.".formatted(exitCode);
            case CANCELLED -> "The job was cancelled.";
            case TIMED_OUT -> "The job reached its time limit and was ended.";
            case LOST -> "How the job ended cannot be known: its sandbox stopped or its record is gone.";
            case SUCCEEDED, RUNNING -> "The command succeeded, but the end of its output could not be read.";
        };
    }
}
