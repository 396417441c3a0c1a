package dev.omni.soak;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;

/**
 * A command that prints what is hard to pass on, made from a seed: characters of two to four bytes, a line of more than a
 * mebibyte, progress bars, NUL, bytes that are no UTF-8, and the bytes that Daytona puts before its lines; on both streams
 * in turn, cut anywhere, and with no newline at the end.
 */
final class Script {
    private static final int LONG_LINE = (1 << 20) + 12_345;
    private static final int LINES_PER_PART = 300;

    /** What each of them prints must be in a file of the sandbox, since it is too much for a command. */
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();

    private final StringBuilder steps = new StringBuilder();
    private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
    private final Random random;
    private final int exitCode;

    private Script(long seed) {
        this.random = new Random(seed);
        this.exitCode = random.nextInt(3) == 0 ? 0 : random.nextInt(1, 120);
    }

    /** @param parts each takes about a second */
    static Script of(long seed, int parts) {
        return new Script(seed).print(parts, false);
    }

    /** Waits for a line on its stdin before each part but the first. */
    static Script gated(long seed, int parts) {
        return new Script(seed).print(parts, true);
    }

    static Script silent(long seed) {
        return new Script(seed);
    }

    private Script print(int parts, boolean gated) {
        for (int part = 0; part < parts; part++) {
            if (part > 0 && gated) {
                steps.append("read -r _\n");
            }
            print(lines(LINES_PER_PART, part == 0), lines(LINES_PER_PART / 5, false));
        }
        if (random.nextBoolean()) {
            print("the end, without a newline 🏁".getBytes(StandardCharsets.UTF_8), new byte[] {(byte) 0xF0, (byte) 0x9F
            });
        }
        return this;
    }

    int exitCode() {
        return exitCode;
    }

    byte[] data() {
        return data.toByteArray();
    }

    /** Prints the file. */
    String command(String file) {
        return """
                exec 3<"$HOME/%s" || exit 99
                o() { head -c "$1" <&3; }
                e() { head -c "$1" <&3 >&2; }
                %sexit %d
                """.formatted(file, steps, exitCode);
    }

    byte[] stdout() {
        return asDaytonaKeepsIt(stdout.toByteArray());
    }

    byte[] stderr() {
        return asDaytonaKeepsIt(stderr.toByteArray());
    }

    /** Daytona drops NUL and ends the last line: what it does not keep, nobody can stream. */
    private static byte[] asDaytonaKeepsIt(byte[] printed) {
        ByteArrayOutputStream kept = new ByteArrayOutputStream(printed.length);
        for (byte b : printed) {
            if (b != 0) {
                kept.write(b);
            }
        }
        byte[] bytes = kept.toByteArray();
        if (bytes.length > 0 && bytes[bytes.length - 1] != '\n') {
            kept.write('\n');
        }
        return kept.toByteArray();
    }

    /** Both streams, in pieces that begin and end anywhere, in turn. */
    private void print(byte[] out, byte[] err) {
        int outAt = 0;
        int errAt = 0;
        while (outAt < out.length || errAt < err.length) {
            if (errAt == err.length || (outAt < out.length && random.nextInt(4) != 0)) {
                int length = piece(out.length - outAt);
                step("o", out, outAt, length, stdout);
                outAt += length;
            } else {
                int length = piece(err.length - errAt);
                step("e", err, errAt, length, stderr);
                errAt += length;
            }
            if (random.nextInt(3) == 0) {
                steps.append("sleep 0.0%d\n".formatted(random.nextInt(1, 7)));
            }
        }
    }

    private int piece(int left) {
        return Math.min(left, random.nextInt(8) == 0 ? random.nextInt(1, 200) : random.nextInt(1_000, 20_000));
    }

    private void step(String stream, byte[] bytes, int from, int length, ByteArrayOutputStream printed) {
        steps.append("%s %d\n".formatted(stream, length));
        data.write(bytes, from, length);
        printed.write(bytes, from, length);
    }

    private byte[] lines(int count, boolean withLongLine) {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        int longLine = withLongLine ? random.nextInt(count) : -1;
        for (int i = 0; i < count; i++) {
            if (i == longLine) {
                characters(lines, LONG_LINE);
            } else {
                line(lines);
            }
            lines.write('\n');
        }
        return lines.toByteArray();
    }

    private void line(ByteArrayOutputStream out) {
        switch (random.nextInt(11)) {
            case 0 -> {}
            case 1, 2 ->
                out.writeBytes("some plain text, item %d of many"
                        .formatted(random.nextInt())
                        .getBytes(StandardCharsets.US_ASCII));
            case 3 -> characters(out, random.nextInt(1, 400));
            case 4 -> characters(out, random.nextInt(1_000, 8_000));
            case 5 -> progressBar(out);
            case 6 -> {
                marker(out, 3);
                characters(out, 20);
            }
            case 7 -> {
                characters(out, 20);
                marker(out, 3);
                characters(out, 20);
                marker(out, random.nextInt(1, 9));
            }
            case 8 -> {
                characters(out, 10);
                out.write(0);
                out.write(0);
                characters(out, 10);
            }
            case 9 -> noUtf8(out);
            case 10 ->
                out.writeBytes(
                        "\u001b[1;31m\t\"quoted\" \\ \u0007 \u007f \u2028 \u001b[0m".getBytes(StandardCharsets.UTF_8));
            default -> throw new IllegalStateException();
        }
    }

    /** At least so many bytes of characters of all lengths. */
    private void characters(ByteArrayOutputStream out, int bytes) {
        int end = out.size() + bytes;
        while (out.size() < end) {
            int character = switch (random.nextInt(4)) {
                case 0 -> random.nextInt('a', 'z');
                case 1 -> random.nextInt(0x00A1, 0x0600);
                case 2 -> random.nextInt(0x3041, 0xA000);
                default -> random.nextInt(0x1F300, 0x1FA00);
            };
            out.writeBytes(Character.toString(character).getBytes(StandardCharsets.UTF_8));
        }
    }

    private void progressBar(ByteArrayOutputStream out) {
        for (int percent = 0; percent <= 100; percent += random.nextInt(1, 30)) {
            out.writeBytes(String.format(Locale.ROOT, "\r%3d %% ▓▓▓", percent).getBytes(StandardCharsets.UTF_8));
        }
    }

    /** What Daytona would put before a line, were it three of them. */
    private void marker(ByteArrayOutputStream out, int length) {
        int b = random.nextInt(1, 3);
        for (int i = 0; i < length; i++) {
            out.write(b);
        }
    }

    private void noUtf8(ByteArrayOutputStream out) {
        byte[] bytes = new byte[random.nextInt(1, 300)];
        random.nextBytes(bytes);
        for (byte b : bytes) {
            out.write(b == '\n' ? 0xFF : b);
        }
        // A character that the newline cuts.
        out.write(0xE2);
        out.write(0x82);
    }
}
