package dev.omni.daytona.local;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Takes the labels out of a labelled log again, whose bytes may come in any pieces. */
final class Labels {
    private final ByteArrayOutputStream all = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
    private final boolean separate;
    /** The stream of the last label; 0 before the first. */
    private int stream;
    /** How many bytes of a possible label came last, and which byte it is of. */
    private int seen;

    private int candidate;

    private Labels(boolean separate) {
        this.separate = separate;
    }

    /** For the bytes without labels, as they come: {@link #feed} and {@link #drain}. */
    static Labels removed() {
        return new Labels(false);
    }

    static byte[] remove(byte[] log) {
        Labels labels = new Labels(false);
        labels.feed(log, log.length);
        labels.release();
        return labels.drain();
    }

    static Separated separate(byte[] log) {
        Labels labels = new Labels(true);
        labels.feed(log, log.length);
        labels.release();
        return new Separated(
                labels.stdout.toString(StandardCharsets.UTF_8), labels.stderr.toString(StandardCharsets.UTF_8));
    }

    /** What belongs to each stream; bytes before the first label to none. */
    record Separated(String stdout, String stderr) {}

    void feed(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            int b = bytes[i];
            if (b == 1 || b == 2) {
                if (b != candidate) {
                    release();
                    candidate = b;
                }
                seen++;
                if (seen == Labeler.STDOUT.length) {
                    stream = b;
                    seen = 0;
                    candidate = 0;
                }
            } else {
                release();
                put(b);
            }
        }
    }

    /** What came out since the last call; bytes that may be the beginning of a label stay. */
    byte[] drain() {
        byte[] bytes = all.toByteArray();
        all.reset();
        return bytes;
    }

    private void release() {
        for (; seen > 0; seen--) {
            put(candidate);
        }
        candidate = 0;
    }

    private void put(int b) {
        if (!separate) {
            all.write(b);
        } else if (stream == 1) {
            stdout.write(b);
        } else if (stream == 2) {
            stderr.write(b);
        }
    }
}
