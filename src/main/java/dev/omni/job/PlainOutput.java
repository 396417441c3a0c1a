package dev.omni.job;

import dev.omni.job.JobEvent.OutputStream;
import dev.omni.job.RawLog.Run;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Output as it is: neighbouring lines of one stream become one text. A character is never cut; bytes that are no valid
 * UTF-8 come as base64, a line at a time.
 */
final class PlainOutput implements LogDecoder {
    /** Large enough to make few messages of a flood, small enough for one message to be sent quickly. */
    static final int MAX_EVENT = 32 * 1024;

    private final boolean oneLine;

    PlainOutput() {
        this(false);
    }

    private PlainOutput(boolean oneLine) {
        this.oneLine = oneLine;
    }

    /** Stops behind the first newline. */
    static PlainOutput oneLine() {
        return new PlainOutput(true);
    }

    @Override
    public @Nullable Decoded next(byte[] raw, int from, int to, LogPosition position, boolean complete) {
        byte[] text = {};
        OutputStream stream = position.stream();
        LogPosition after = position;
        int taken = 0;
        while (taken < MAX_EVENT) {
            int start = from + (int) (after.offset() - position.offset());
            int end = Math.min(to, start + MAX_EVENT - taken);
            Run run = RawLog.next(raw, start, end, after);
            if (run == null || (taken > 0 && run.stream() != stream)) {
                break;
            }
            Utf8 utf8 = run.ascii() ? Utf8.WHOLE : Utf8.of(raw, run.from(), run.to());
            boolean lineEnded = run.after().lineStart();
            boolean mayGoOn = !lineEnded && !(complete && run.to() == to);
            if (utf8.malformed() || (utf8.rest() > 0 && !mayGoOn)) {
                if (taken > 0) {
                    break;
                }
                byte[] bytes = Arrays.copyOfRange(raw, run.from(), run.to());
                return new Decoded(
                        new Text(run.stream(), Base64.getEncoder().encodeToString(bytes), true), run.after());
            }
            int good = run.length() - utf8.rest();
            if (good == 0) {
                break;
            }
            stream = run.stream();
            if (taken + good > text.length) {
                // One line is all there is of many events; a flood is soon at the maximum.
                text = Arrays.copyOf(text, Math.max(taken + good, Math.min(MAX_EVENT, text.length * 4)));
            }
            System.arraycopy(raw, run.from(), text, taken, good);
            taken += good;
            after = utf8.rest() == 0
                    ? run.after()
                    : new LogPosition(run.after().offset() - utf8.rest(), run.stream(), false);
            if (utf8.rest() > 0 || (oneLine && lineEnded)) {
                break;
            }
        }
        return taken == 0
                ? null
                : new Decoded(new Text(stream, new String(text, 0, taken, StandardCharsets.UTF_8), false), after);
    }

    /**
     * How far bytes are UTF-8.
     *
     * @param rest bytes at the end that may be the beginning of a character
     */
    private record Utf8(int rest, boolean malformed) {
        static final Utf8 WHOLE = new Utf8(0, false);

        private static final char REPLACEMENT = '\uFFFD';

        static Utf8 of(byte[] raw, int from, int to) {
            // The fastest check there is: what is no UTF-8 leaves a trace. So does the trace itself, which is a
            // character.
            if (new String(raw, from, to - from, StandardCharsets.UTF_8).indexOf(REPLACEMENT) < 0) {
                return WHOLE;
            }
            CharsetDecoder decoder = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT);
            ByteBuffer in = ByteBuffer.wrap(raw, from, to - from);
            CoderResult result = decoder.decode(in, CharBuffer.allocate(to - from), false);
            return new Utf8(in.remaining(), result.isError());
        }
    }
}
