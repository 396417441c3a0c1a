package dev.omni.job;

import dev.omni.job.JobEvent.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the raw log that Daytona keeps of a session command: every line stands behind three bytes that tell its stream.
 * A marker is only looked for at the beginning of a line, where the writer puts one, so that a program may print the same
 * bytes anywhere else and gets them through untouched.
 */
final class RawLog {
    private static final int MARKER = 3;

    private RawLog() {}

    /**
     * A run of output of one stream.
     *
     * @param from index of its first byte in the array read
     * @param to index behind its last byte
     * @param ascii whether all of it is ASCII
     * @param after the position behind it
     */
    record Run(OutputStream stream, int from, int to, boolean ascii, LogPosition after) {
        int length() {
            return to - from;
        }
    }

    /**
     * The next run in {@code raw[from, to)}, whose first byte is at {@code position}; at most one line. The run ends
     * behind its newline, or at {@code to}. Null when the bytes do not suffice to tell, as at a marker that was cut.
     */
    static @Nullable Run next(byte[] raw, int from, int to, LogPosition position) {
        int at = from;
        OutputStream stream = position.stream();
        if (position.lineStart()) {
            if (at == to) {
                return null;
            }
            int same = 0;
            while (same < MARKER && at + same < to && raw[at + same] == raw[at] && isMarkerByte(raw[at])) {
                same++;
            }
            if (same == MARKER) {
                stream = raw[at] == 1 ? OutputStream.STDOUT : OutputStream.STDERR;
                at += MARKER;
            } else if (same > 0 && at + same == to) {
                // Daytona writes a marker before everything, so this is one that was cut.
                return null;
            }
        }
        int end = at;
        byte bits = 0;
        byte b;
        while (end < to && (b = raw[end]) != '\n') {
            bits |= b;
            end++;
        }
        boolean newline = end < to;
        int behind = newline ? end + 1 : end;
        if (behind == at) {
            return null;
        }
        return new Run(
                stream, at, behind, bits >= 0, new LogPosition(position.offset() + (behind - from), stream, newline));
    }

    private static boolean isMarkerByte(byte b) {
        return b == 1 || b == 2;
    }
}
