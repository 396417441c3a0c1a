package dev.omni.job;

import dev.omni.job.Cursor.Stage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An event behind a job's output, and how far its reader has come with it: a {@link JobEvent.Failure} unless all is well,
 * then {@link JobEvent.Done}.
 */
record Closing(JobEvent event, Stage stage) {
    /** The event that follows a place at the end of the output. */
    static Closing next(JobRef job, Cursor at, JobEnd end) {
        JobEvent.@Nullable Failure failure = at.stage().compareTo(Stage.FAILURE) < 0 ? failure(job, at, end) : null;
        if (failure != null) {
            return new Closing(failure, Stage.FAILURE);
        }
        return new Closing(
                new JobEvent.Done(cursor(job, at, Stage.DONE), Instant.now(), end.exitCode(), end.status()),
                Stage.DONE);
    }

    /** All of them. */
    static List<JobEvent> all(JobRef job, Cursor from, JobEnd end) {
        List<JobEvent> events = new ArrayList<>();
        // A reader that saw the end and comes back is told the end again: every subscription ends with it.
        Stage stage = from.stage() == Stage.DONE ? Stage.FAILURE : from.stage();
        while (stage != Stage.DONE) {
            Closing closing = next(job, from.at(stage), end);
            events.add(closing.event());
            stage = closing.stage();
        }
        return events;
    }

    private static JobEvent.@Nullable Failure failure(JobRef job, Cursor at, JobEnd end) {
        String cursor = cursor(job, at, Stage.FAILURE);
        String code = end.failureCode();
        if (code != null) {
            return new JobEvent.Failure(cursor, Instant.now(), code, end.failureMessage());
        }
        if (job.header().kind() == JobKind.PROMPT && at.stage() == Stage.OUTPUT) {
            return new JobEvent.Failure(cursor, Instant.now(), "prompt_failed", "The prompt ended without a result.");
        }
        return null;
    }

    private static String cursor(JobRef job, Cursor at, Stage stage) {
        return at.at(stage).encode(job.id());
    }
}
