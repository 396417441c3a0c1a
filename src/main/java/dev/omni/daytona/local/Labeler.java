package dev.omni.daytona.local;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Copies one stream of a command into its log: every line behind a label of three bytes, only when it is complete, the
 * last one with a newline even if it has none, and without NUL bytes.
 */
final class Labeler {
    static final byte[] STDOUT = {1, 1, 1};
    static final byte[] STDERR = {2, 2, 2};

    private static final int CHUNK = 64 * 1024;
    /** A longer unfinished line waits in a file. */
    private static final int MAX_LINE_IN_MEMORY = 1 << 20;

    private final byte[] label;
    private final CommandLog log;
    private final Path spillPath;
    private final ByteArrayOutputStream unfinished = new ByteArrayOutputStream();
    private @Nullable FileChannel spill;

    /** @param spillPath where an overlong line may wait */
    Labeler(byte[] label, CommandLog log, Path spillPath) {
        this.label = label;
        this.log = log;
        this.spillPath = spillPath;
    }

    void copy(InputStream in) throws IOException {
        byte[] chunk = new byte[CHUNK];
        // At worst every byte is a newline and gets a label.
        ByteBuffer lines = ByteBuffer.allocate(CHUNK * (label.length + 1) + MAX_LINE_IN_MEMORY);
        for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
            int length = dropNul(chunk, read);
            int start = 0;
            for (int i = 0; i < length; i++) {
                if (chunk[i] == '\n') {
                    finishLine(lines, chunk, start, i + 1 - start);
                    start = i + 1;
                }
            }
            flush(lines);
            keep(chunk, start, length - start);
        }
        if (unfinished.size() > 0 || spill != null) {
            finishLine(lines, new byte[] {'\n'}, 0, 1);
            flush(lines);
        }
    }

    private void finishLine(ByteBuffer lines, byte[] chunk, int offset, int length) throws IOException {
        if (spill != null) {
            ByteBuffer rest = ByteBuffer.allocate(unfinished.size() + length)
                    .put(unfinished.toByteArray())
                    .put(chunk, offset, length)
                    .flip();
            log.append(label, spill, rest);
            spill.close();
            spill = null;
        } else {
            lines.put(label).put(unfinished.toByteArray()).put(chunk, offset, length);
        }
        unfinished.reset();
    }

    private void flush(ByteBuffer lines) throws IOException {
        lines.flip();
        if (lines.hasRemaining()) {
            log.append(lines);
        }
        lines.clear();
    }

    private void keep(byte[] chunk, int offset, int length) throws IOException {
        if (unfinished.size() + length > MAX_LINE_IN_MEMORY) {
            if (spill == null) {
                spill = FileChannel.open(
                        spillPath,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DELETE_ON_CLOSE);
            }
            ByteBuffer waiting = ByteBuffer.wrap(unfinished.toByteArray());
            while (waiting.hasRemaining()) {
                spill.write(waiting);
            }
            unfinished.reset();
        }
        unfinished.write(chunk, offset, length);
    }

    private static int dropNul(byte[] bytes, int length) {
        int kept = 0;
        for (int i = 0; i < length; i++) {
            if (bytes[i] != 0) {
                bytes[kept++] = bytes[i];
            }
        }
        return kept;
    }
}
