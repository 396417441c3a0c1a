package dev.omni.job;

import dev.omni.job.JobEvent.JobResult;
import dev.omni.job.JobEvent.OutputStream;
import org.jspecify.annotations.Nullable;

/** Makes events of a raw log. Without state of its own: a position is all that is needed to go on from it. */
interface LogDecoder {
    /**
     * The next event in {@code raw[from, to)}, whose first byte is at {@code position}.
     *
     * @param complete whether nothing follows {@code to}
     * @return null when the bytes do not suffice; never so when the whole window of {@link #WINDOW} bytes is given, and when
     *     {@code complete} only at a marker that was cut
     */
    @Nullable
    Decoded next(byte[] raw, int from, int to, LogPosition position, boolean complete);

    /** Whether nothing can be made of the beginning of a line, so that more of it need not be looked at. */
    default boolean readsWholeLines() {
        return false;
    }

    /** The most bytes a decoder may ask for before it decides. */
    int WINDOW = 1 << 20;

    /**
     * What was decoded.
     *
     * @param body null for bytes that say nothing to a reader
     * @param after the position behind it
     */
    record Decoded(@Nullable Body body, LogPosition after) {}

    /** An event without its place and time. */
    sealed interface Body {}

    record Text(OutputStream stream, String data, boolean base64) implements Body {}

    record Outcome(JobResult result) implements Body {}
}
