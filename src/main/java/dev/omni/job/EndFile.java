package dev.omni.job;

import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.DaytonaException.Kind;
import io.smallrye.mutiny.Uni;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** What our script in the sandbox wrote down when the command ended: the reason and the second. */
final class EndFile {
    private static final int MAX_BYTES = 128;

    private EndFile() {}

    /** How a job with this exit code ended. Fails when the file cannot be read now, though it may be there. */
    static Uni<JobEnd> statusOf(JobRef job, int exitCode) {
        return job.sandbox()
                .toolbox()
                .download(job.directory() + "/end", MAX_BYTES)
                .map(bytes -> parse(bytes.toString(StandardCharsets.US_ASCII), exitCode))
                .onFailure(DaytonaException.is(Kind.NOT_FOUND))
                .recoverWithItem(() -> byExitCode(exitCode));
    }

    /** The exit code alone decides. */
    static JobEnd byExitCode(int exitCode) {
        return new JobEnd(exitCode == 0 ? JobStatus.SUCCEEDED : JobStatus.FAILED, exitCode, null, false);
    }

    private static JobEnd parse(String text, int exitCode) {
        String[] words = text.strip().split(" ", 2);
        JobStatus status = switch (words[0]) {
            case "timed_out" -> JobStatus.TIMED_OUT;
            case "cancelled" -> JobStatus.CANCELLED;
            default -> byExitCode(exitCode).status();
        };
        Instant at = null;
        if (words.length == 2 && words[1].matches("\\d{1,12}")) {
            at = Instant.ofEpochSecond(Long.parseLong(words[1]));
        }
        return new JobEnd(status, exitCode, at, false);
    }
}
