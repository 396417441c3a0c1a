package dev.omni.job;

import dev.omni.job.JobEvent.OutputStream;
import dev.omni.problem.Stage;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * What a job has printed so far.
 *
 * @param bytes read on demand; to be subscribed to once
 * @param nextCursor the position behind them; null where it is not known before they are through
 */
record JobOutput(Multi<byte[]> bytes, @Nullable String nextCursor) {
    /** Up to this size output is read before it is answered, so that the answer can say where it ends. */
    private static final int READ_AHEAD = 256 * 1024;

    /** Reads a job's log, from a position on. */
    static Uni<JobOutput> of(JobRef job, LogPosition from, @Nullable OutputStream stream) {
        if (job.command().isEmpty()) {
            return Uni.createFrom().item(() -> new JobOutput(Multi.createFrom().empty(), cursor(job, from)));
        }
        Multi<Buffer> log = job.sandbox()
                .toolbox()
                .readOutput(job.sessionId(), job.command().get().id());
        return Uni.createFrom().deferred(() -> {
            OutputBytes output = new OutputBytes(from, stream);
            return Stage.LOG
                    .of(output.of(log).collect().in(ByteArrayOutputStream::new, JobOutput::add))
                    .invoke(() -> {
                        if (output.isBeyondTheEnd()) {
                            throw Cursor.beyondTheEnd();
                        }
                    })
                    .map(all ->
                            new JobOutput(Multi.createFrom().item(all.toByteArray()), cursor(job, output.position())))
                    .onFailure(LongerException.class)
                    .recoverWithItem(() -> new JobOutput(new OutputBytes(from, stream).of(log), null));
        });
    }

    private static void add(ByteArrayOutputStream all, byte[] more) {
        if (all.size() + more.length > READ_AHEAD) {
            throw new LongerException();
        }
        all.writeBytes(more);
    }

    private static String cursor(JobRef job, LogPosition position) {
        return new Cursor(position, Cursor.Stage.OUTPUT).encode(job.id());
    }

    /** There is more than is read ahead. */
    private static final class LongerException extends RuntimeException {
        LongerException() {
            super(null, null, false, false);
        }
    }
}
