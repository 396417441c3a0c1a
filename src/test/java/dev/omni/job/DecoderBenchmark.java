package dev.omni.job;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.omni.job.LogDecoder.Decoded;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** Makes events of a whole raw log, window by window as a reader does. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class DecoderBenchmark {
    private static final byte[] OUT = {1, 1, 1};
    private static final byte[] ERR = {2, 2, 2};

    /** What a job prints. */
    public enum Log {
        /** ASCII in lines of 80 bytes. */
        LINES,
        /** The same, every eighth line on stderr. */
        BOTH_STREAMS,
        /** Text of several scripts and emoji. */
        MULTIBYTE,
        /** Lines of 100 kB. */
        LONG_LINES,
        /** Claude Code's stream-json. */
        PROMPT
    }

    @Param
    public Log log = Log.LINES;

    /** How many bytes of it. */
    @Param("4194304")
    public int bytes;

    private byte[] raw = {};
    private LogDecoder decoder = new PlainOutput();

    @Setup
    public void write() {
        decoder = log == Log.PROMPT ? new PromptOutput() : new PlainOutput();
        Random random = new Random(20_261_123);
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes + 200_000);
        for (int i = 0; out.size() < bytes; i++) {
            out.writeBytes(log == Log.BOTH_STREAMS && i % 8 == 0 ? ERR : OUT);
            out.writeBytes(line(i, random).getBytes(UTF_8));
            out.write('\n');
        }
        raw = Arrays.copyOf(out.toByteArray(), bytes);
    }

    private String line(int number, Random random) {
        return switch (log) {
            case LINES, BOTH_STREAMS -> ascii(76, random);
            case MULTIBYTE -> "%d Grüße, Καλημέρα κόσμε, コンニチハ, привет ✓ 🚀 %s".formatted(number, ascii(20, random));
            case LONG_LINES -> ascii(100_000, random);
            case PROMPT ->
                number % 2 == 0
                        ? "{\"type\":\"assistant\",\"message\":{\"id\":\"msg_%d\",\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"%s\"}],\"usage\":{\"input_tokens\":%d,\"output_tokens\":12}},\"session_id\":\"5d2c\"}"
                                .formatted(number, ascii(200, random), number)
                        : "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_%d\",\"content\":\"%s\"}]}}"
                                .formatted(number, ascii(1_500, random));
        };
    }

    private static String ascii(int length, Random random) {
        return random.ints(length, 'a', 'z' + 1)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    @Benchmark
    public void decode(Blackhole events) {
        LogPosition position = LogPosition.START;
        int to = 0;
        while (true) {
            Decoded decoded = decoder.next(raw, (int) position.offset(), to, position, to == raw.length);
            if (decoded != null) {
                events.consume(decoded);
                position = decoded.after();
            } else if (to == raw.length) {
                return;
            } else {
                to = Math.min(raw.length, to + WINDOW);
            }
        }
    }

    /** What a reader has in memory at a time. */
    private static final int WINDOW = 64 * 1024;
}
