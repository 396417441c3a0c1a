package dev.omni.job;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A position in a job's events, the same on every replica and after every restart: a place in the raw log as Daytona
 * keeps it, and how far the closing events behind the log have been told. On the wire it is opaque.
 *
 * @param limitTold whether the reader was told that no more than this is streamed
 */
record Cursor(LogPosition position, Stage stage, boolean limitTold) {
    /** What has been told once the log is through. */
    enum Stage {
        OUTPUT(0),
        /** The result of a prompt has been told; the log may go on. */
        RESULT(1),
        FAILURE(2),
        DONE(3);

        private final int code;

        Stage(int code) {
            this.code = code;
        }

        static @Nullable Stage of(int code) {
            return Arrays.stream(values())
                    .filter(stage -> stage.code == code)
                    .findFirst()
                    .orElse(null);
        }
    }

    static final Cursor START = new Cursor(LogPosition.START, Stage.OUTPUT);

    private static final int LINE_START = 8;
    private static final int LIMIT_TOLD = 4;
    private static final int UNUSED = 2;
    private static final int STDERR = 1;

    private static final byte VERSION = 1;
    private static final int LENGTH = 1 + 1 + 8 + 4;

    Cursor(LogPosition position, Stage stage) {
        this(position, stage, false);
    }

    /** Further on in the log: there, no limit has been told. */
    Cursor at(LogPosition position) {
        return new Cursor(position, stage);
    }

    Cursor at(Stage stage) {
        return new Cursor(position, stage, limitTold);
    }

    /** Here, and the reader knows that no more is streamed. */
    Cursor withLimitTold() {
        return new Cursor(position, stage, true);
    }

    String encode(UUID jobId) {
        byte flags = (byte) (stage.code << 4
                | (position.lineStart() ? LINE_START : 0)
                | (limitTold ? LIMIT_TOLD : 0)
                | (position.stream() == JobEvent.OutputStream.STDERR ? STDERR : 0));
        ByteBuffer bytes = ByteBuffer.allocate(LENGTH)
                .put(VERSION)
                .put(flags)
                .putLong(position.offset())
                .putInt(mark(jobId));
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
    }

    /**
     * Reads a cursor of a job.
     *
     * @param text null for the start
     * @throws ProblemException {@code invalid_cursor} when it is malformed or another job's
     */
    static Cursor decode(@Nullable String text, UUID jobId) {
        if (text == null) {
            return START;
        }
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw invalid("it is malformed");
        }
        // Decoders forgive stray low bits; a cursor has one spelling only.
        if (bytes.length != LENGTH
                || !Base64.getUrlEncoder()
                        .withoutPadding()
                        .encodeToString(bytes)
                        .equals(text)) {
            throw invalid("it is malformed");
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        if (in.get() != VERSION) {
            throw invalid("its version is not known");
        }
        int flags = in.get();
        long offset = in.getLong();
        Stage stage = Stage.of(flags >> 4);
        if (offset < 0 || stage == null || (flags & UNUSED) != 0) {
            throw invalid("it is malformed");
        }
        if (in.getInt() != mark(jobId)) {
            throw invalid("it belongs to another job");
        }
        JobEvent.OutputStream stream =
                (flags & STDERR) != 0 ? JobEvent.OutputStream.STDERR : JobEvent.OutputStream.STDOUT;
        return new Cursor(new LogPosition(offset, stream, (flags & LINE_START) != 0), stage, (flags & LIMIT_TOLD) != 0);
    }

    /** Why a cursor behind the end of a log is refused: no event has ever carried it. */
    static ProblemException beyondTheEnd() {
        return invalid("it is behind the end of the job's output");
    }

    private static int mark(UUID jobId) {
        // Tells jobs apart; it need not be secret, since ownership is checked before any cursor is looked at.
        long bits = jobId.getMostSignificantBits() * 31 + jobId.getLeastSignificantBits();
        return (int) (bits ^ bits >>> 32);
    }

    private static ProblemException invalid(String why) {
        return new ProblemException(ProblemCode.INVALID_CURSOR, "The cursor cannot be used: " + why + ".");
    }
}
