package dev.omni.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.job.JobEvent.OutputStream;
import dev.omni.job.LogDecoder.Decoded;
import dev.omni.job.LogDecoder.Outcome;
import dev.omni.job.LogDecoder.Text;
import io.smallrye.mutiny.Multi;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However a raw log is cut on its way, and wherever a reader goes on, the streams come out byte for byte. */
class LogDecodingTest {
    private static final byte[] OUT = {1, 1, 1};
    private static final byte[] ERR = {2, 2, 2};

    @Test
    void linesOfOneStreamBecomeOneText() {
        assertThat(decodeAll(new PlainOutput(), log(OUT, "a\n", OUT, "b\n", ERR, "c\n"), Integer.MAX_VALUE))
                .containsExactly(
                        new Text(OutputStream.STDOUT, "a\nb\n", false), new Text(OutputStream.STDERR, "c\n", false));
    }

    @Test
    void aMarkerInTheMiddleOfALineIsOutput() {
        assertThat(decodeAll(new PlainOutput(), log(OUT, "a\1\1\1b\2\2\2c\n"), 1))
                .extracting(body -> ((Text) body).data())
                .satisfies(texts -> assertThat(String.join("", texts)).isEqualTo("a\1\1\1b\2\2\2c\n"));
    }

    @Test
    void outputThatBeginsLikeAMarkerIsOutput() {
        assertThat(decodeAll(new PlainOutput(), log(OUT, "\1\1\1\2\2\2x\n"), Integer.MAX_VALUE))
                .containsExactly(new Text(OutputStream.STDOUT, "\1\1\1\2\2\2x\n", false));
    }

    @Test
    void linesThatAreNoUtf8ComeAsBase64AndTheirNeighboursAsText() {
        byte[] binary = {(byte) 0xff, (byte) 0xfe, '\n'};
        assertThat(decodeAll(
                        new PlainOutput(), concat(log(OUT, "good\n"), OUT, binary, log(OUT, "é\n")), Integer.MAX_VALUE))
                .containsExactly(
                        new Text(OutputStream.STDOUT, "good\n", false),
                        new Text(OutputStream.STDOUT, Base64.getEncoder().encodeToString(binary), true),
                        new Text(OutputStream.STDOUT, "é\n", false));
    }

    @Test
    void aCharacterIsNeverCut() {
        List<LogDecoder.Body> bodies = decodeAll(new PlainOutput(), log(OUT, "😀€é\n"), 1);
        assertThat(bodies).allSatisfy(body -> assertThat(((Text) body).base64()).isFalse());
        assertThat(bodies.stream().map(body -> ((Text) body).data())).contains("😀", "€", "é");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 20_261_123, 99, 1_234_567})
    void anyLogCutAnywhereComesOutByteForByte(long seed) {
        Random random = new Random(seed);
        Printed printed = new Printed();
        byte[] raw = randomLog(random, printed);
        for (int chunk : new int[] {1, 2, 7, 1024, 100_000}) {
            Printed got = new Printed();
            decodeAll(new PlainOutput(), raw, chunk).forEach(body -> collect(body, got));
            assertSame(seed, printed, got);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 20_261_123})
    void aReaderThatGoesOnFromAnyPositionMissesNothingAndSeesNothingTwice(long seed) {
        Random random = new Random(seed);
        Printed printed = new Printed();
        byte[] raw = randomLog(random, printed);
        Printed got = new Printed();
        LogPosition position = LogPosition.START;
        // Every event is read by a reader of its own, as if each had lost its connection behind it.
        while (true) {
            int start = (int) position.offset();
            int end = Math.min(raw.length, start + 1 + random.nextInt(40_000));
            Decoded decoded = new PlainOutput()
                    .next(Arrays.copyOfRange(raw, start, end), 0, end - start, position, end == raw.length);
            if (decoded != null) {
                collect(decoded.body(), got);
                position = decoded.after();
            } else if (end == raw.length) {
                break;
            }
        }
        assertThat(position.offset()).isEqualTo(raw.length);
        assertSame(seed, printed, got);
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23})
    void theOutputOfOneStreamIsItsBytes(long seed) {
        Random random = new Random(seed);
        Printed printed = new Printed();
        byte[] raw = randomLog(random, printed);
        for (OutputStream stream : OutputStream.values()) {
            ByteArrayOutputStream got = new ByteArrayOutputStream();
            Multi<Buffer> replay = Multi.createFrom().iterable(cut(raw, random));
            new OutputBytes(LogPosition.START, stream)
                    .of(replay)
                    .subscribe()
                    .asStream()
                    .forEach(got::writeBytes);
            assertThat(got.toByteArray())
                    .as("seed %d", seed)
                    .isEqualTo(printed.of(stream).toByteArray());
        }
    }

    @Test
    void aConversationBecomesTextAndAResult() {
        byte[] raw = log(
                OUT, "{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"sonnet\",\"session_id\":\"s1\"}\n",
                OUT,
                        "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"Let me look.\"},"
                                + "{\"type\":\"tool_use\",\"name\":\"Bash\",\"input\":{\"command\":\"ls\"}}]}}\n",
                ERR, "a warning\n",
                OUT,
                        "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"content\":\"notes.md\"}]}}\n",
                OUT, "not json\n",
                OUT,
                        "{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"num_turns\":2,\"result\":\"Done.\","
                                + "\"session_id\":\"s1\",\"total_cost_usd\":0.25}\n");
        for (int chunk : new int[] {1, 5, 100_000}) {
            List<LogDecoder.Body> bodies = decodeAll(new PromptOutput(), raw, chunk);
            assertThat(text(bodies, OutputStream.STDOUT)).isEqualTo("""
                            Session started, model sonnet.
                            Let me look.
                            → Bash {"command":"ls"}
                            ← notes.md
                            not json
                            """);
            assertThat(text(bodies, OutputStream.STDERR)).isEqualTo("a warning\n");
            assertThat(bodies.getLast()).isEqualTo(new Outcome(new JobEvent.JobResult("Done.", "s1", 0.25, 2, false)));
        }
    }

    @Test
    void aPromptsLineLargerThanTheWindowIsShownAsItIs() {
        String huge = "{\"type\":\"assistant\",\"x\":\"" + "y".repeat(LogDecoder.WINDOW + 100) + "\"}\n";
        String next = "{\"type\":\"result\",\"subtype\":\"success\",\"result\":\"ok\"}\n";
        List<LogDecoder.Body> bodies = decodeAll(new PromptOutput(), log(OUT, huge, OUT, next), 64 * 1024);
        assertThat(text(bodies, OutputStream.STDOUT)).isEqualTo(huge);
        assertThat(bodies.getLast()).isInstanceOf(Outcome.class);
    }

    private static String text(List<LogDecoder.Body> bodies, OutputStream stream) {
        StringBuilder text = new StringBuilder();
        bodies.forEach(body -> {
            if (body instanceof Text(var of, var data, var base64) && of == stream) {
                assertThat(base64).isFalse();
                text.append(data);
            }
        });
        return text.toString();
    }

    /** Decodes as a reader does: the window grows by a chunk whenever the decoder wants more. */
    private static List<LogDecoder.Body> decodeAll(LogDecoder decoder, byte[] raw, int chunk) {
        List<LogDecoder.Body> bodies = new ArrayList<>();
        LogPosition position = LogPosition.START;
        int to = 0;
        while (true) {
            Decoded decoded = decoder.next(raw, (int) position.offset(), to, position, to == raw.length);
            if (decoded != null) {
                assertThat(decoded.after().offset()).isGreaterThan(position.offset());
                position = decoded.after();
                if (decoded.body() != null) {
                    bodies.add(decoded.body());
                }
            } else if (to == raw.length) {
                assertThat(position.offset()).isEqualTo(raw.length);
                return bodies;
            } else {
                to = (int) Math.min(raw.length, (long) to + chunk);
            }
        }
    }

    private static byte[] randomLog(Random random, Printed printed) {
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        for (int i = 0; i < 120; i++) {
            OutputStream stream = random.nextBoolean() ? OutputStream.STDOUT : OutputStream.STDERR;
            byte[] line = randomLine(random);
            raw.writeBytes(stream == OutputStream.STDOUT ? OUT : ERR);
            raw.writeBytes(line);
            raw.write('\n');
            printed.of(stream).writeBytes(line);
            printed.of(stream).write('\n');
        }
        return raw.toByteArray();
    }

    private static byte[] randomLine(Random random) {
        byte[] line = switch (random.nextInt(4)) {
            case 0 -> "plain text, é€😀 ".repeat(random.nextInt(6)).getBytes(UTF_8);
            case 1 -> "\1\1\1\2\2\2\1\2".repeat(random.nextInt(4)).getBytes(UTF_8);
            case 2 -> "x€".repeat(random.nextInt(12_000)).getBytes(UTF_8);
            default -> {
                byte[] bytes = new byte[random.nextInt(300)];
                random.nextBytes(bytes);
                yield bytes;
            }
        };
        for (int i = 0; i < line.length; i++) {
            if (line[i] == '\n') {
                line[i] = 1;
            }
        }
        return line;
    }

    private static List<Buffer> cut(byte[] raw, Random random) {
        List<Buffer> buffers = new ArrayList<>();
        for (int at = 0; at < raw.length; ) {
            int end = Math.min(raw.length, at + 1 + random.nextInt(1024));
            buffers.add(Buffer.buffer(Arrays.copyOfRange(raw, at, end)));
            at = end;
        }
        return buffers;
    }

    private static void collect(LogDecoder.@Nullable Body body, Printed into) {
        Text text = (Text) Objects.requireNonNull(body);
        into.of(text.stream())
                .writeBytes(
                        text.base64()
                                ? Base64.getDecoder().decode(text.data())
                                : text.data().getBytes(UTF_8));
    }

    private static void assertSame(long seed, Printed expected, Printed actual) {
        for (OutputStream stream : OutputStream.values()) {
            assertThat(actual.of(stream).toByteArray())
                    .as("%s, seed %d", stream, seed)
                    .isEqualTo(expected.of(stream).toByteArray());
        }
    }

    private static byte[] log(Object... parts) {
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        for (Object part : parts) {
            raw.writeBytes(part instanceof byte[] bytes ? bytes : ((String) part).getBytes(UTF_8));
        }
        return raw.toByteArray();
    }

    private static byte[] concat(byte[]... parts) {
        return log((Object[]) parts);
    }

    /** What was printed to each stream. */
    private record Printed(ByteArrayOutputStream stdout, ByteArrayOutputStream stderr) {
        Printed() {
            this(new ByteArrayOutputStream(), new ByteArrayOutputStream());
        }

        ByteArrayOutputStream of(OutputStream stream) {
            return stream == OutputStream.STDOUT ? stdout : stderr;
        }
    }
}
