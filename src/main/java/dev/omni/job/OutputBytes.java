package dev.omni.job;

import dev.omni.job.JobEvent.OutputStream;
import dev.omni.job.RawLog.Run;
import io.smallrye.mutiny.Multi;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The bytes that a job printed, out of a replay of its raw log. */
final class OutputBytes {
    private final @Nullable OutputStream wanted;
    private final long skip;
    private LogPosition position;
    private long seen;
    private byte[] held = new byte[0];

    /**
     * @param from where to begin
     * @param wanted one stream, or null for both as they came
     */
    OutputBytes(LogPosition from, @Nullable OutputStream wanted) {
        this.wanted = wanted;
        this.position = from;
        this.skip = from.offset();
    }

    /** Turns a replay, from the log's first byte, into output; no more is asked of it than is asked of the result. */
    Multi<byte[]> of(Multi<Buffer> replay) {
        return replay.map(this::decode)
                .onCompletion()
                .continueWith(() -> List.of(take(held)))
                .filter(bytes -> bytes.length > 0);
    }

    /** The place behind all that was turned into output so far. */
    LogPosition position() {
        return position;
    }

    /** Whether the log, now that all of it was seen, ends before the place to begin at. */
    boolean isBeyondTheEnd() {
        return seen < skip;
    }

    private byte[] decode(Buffer bytes) {
        int known = (int) Math.min(bytes.length(), Math.max(0, skip - seen));
        seen += bytes.length();
        byte[] all = new byte[held.length + bytes.length() - known];
        System.arraycopy(held, 0, all, 0, held.length);
        bytes.getBytes(known, bytes.length(), all, held.length);
        return take(all);
    }

    private byte[] take(byte[] raw) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(raw.length);
        int from = 0;
        Run run;
        while ((run = RawLog.next(raw, from, raw.length, position)) != null) {
            if (wanted == null || wanted == run.stream()) {
                out.write(raw, run.from(), run.length());
            }
            from += (int) (run.after().offset() - position.offset());
            position = run.after();
        }
        held = Arrays.copyOfRange(raw, from, raw.length);
        return out.toByteArray();
    }
}
