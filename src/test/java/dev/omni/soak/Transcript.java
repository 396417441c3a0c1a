package dev.omni.soak;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What one reader has been told of a job, over all its connections. One thread writes. */
final class Transcript {
    private final OutputStream stdout;
    private final OutputStream stderr;
    private volatile @Nullable String cursor;
    private final AtomicLong messages = new AtomicLong();
    private volatile boolean ended;
    private int exitCode;
    private int failures;

    Transcript() {
        this(new ByteArrayOutputStream(), new ByteArrayOutputStream());
    }

    /** @param stdout takes, and may check, what comes */
    Transcript(OutputStream stdout, OutputStream stderr) {
        this.stdout = stdout;
        this.stderr = stderr;
    }

    /** Where to go on; null for the start. */
    @Nullable
    String cursor() {
        return cursor;
    }

    /** How many messages have come; grows as long as there is progress. */
    long messages() {
        return messages.get();
    }

    OutputStream stdout() {
        return stdout;
    }

    boolean hasEnded() {
        return ended;
    }

    int exitCode() {
        return exitCode;
    }

    /** A message of the stream about this job. */
    void take(JsonNode message) {
        if (ended) {
            throw new AssertionError("behind done comes " + message);
        }
        switch (message.path("type").asText()) {
            case "log" -> {
                String data = message.path("data").asText();
                byte[] bytes = message.path("encoding").asText().equals("base64")
                        ? Base64.getDecoder().decode(data)
                        : data.getBytes(StandardCharsets.UTF_8);
                print(message.path("stream").asText().equals("stderr") ? stderr : stdout, bytes);
            }
            case "error" -> failures++;
            case "done" -> end(message.path("exitCode").asInt());
            default -> throw new AssertionError("unexpected of a command: " + message);
        }
        cursor = message.path("cursor").asText();
        messages.incrementAndGet();
    }

    /** A stretch of a stream, and the place behind it. */
    void take(boolean ofStderr, byte[] bytes, @Nullable String next) {
        print(ofStderr ? stderr : stdout, bytes);
        cursor = next;
        if (bytes.length > 0) {
            messages.incrementAndGet();
        }
    }

    void end(int code) {
        exitCode = code;
        ended = true;
    }

    private static void print(OutputStream stream, byte[] bytes) {
        try {
            stream.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** That it is what the script printed, told by events: with the failure that a bad exit code makes. */
    void requireEvents(Script script, String reader) {
        requireEnd(script, reader);
        requireSame(script.stdout(), stdout, reader + ", stdout");
        requireSame(script.stderr(), stderr, reader + ", stderr");
        int expected = script.exitCode() == 0 ? 0 : 1;
        if (failures != expected) {
            throw new AssertionError(
                    "%s: told of a failure %d times, not %d; %s".formatted(reader, failures, expected, Effort.seed()));
        }
    }

    /** That one stream is what the script printed. */
    void requireStream(Script script, boolean ofStderr, String reader) {
        requireEnd(script, reader);
        requireSame(ofStderr ? script.stderr() : script.stdout(), ofStderr ? stderr : stdout, reader);
    }

    private void requireEnd(Script script, String reader) {
        if (!ended || exitCode != script.exitCode()) {
            throw new AssertionError("%s: ended %s with exit code %d, not %d; %s"
                    .formatted(reader, ended, exitCode, script.exitCode(), Effort.seed()));
        }
    }

    private static void requireSame(byte[] expected, OutputStream stream, String what) {
        byte[] came = ((ByteArrayOutputStream) stream).toByteArray();
        int wrong = Arrays.mismatch(expected, came);
        if (wrong >= 0) {
            throw new AssertionError("%s: %d bytes for %d, wrong from byte %d on: <%s> for <%s>; %s"
                    .formatted(
                            what,
                            came.length,
                            expected.length,
                            wrong,
                            excerpt(came, wrong),
                            excerpt(expected, wrong),
                            Effort.seed()));
        }
    }

    private static String excerpt(byte[] bytes, int at) {
        return new String(
                bytes,
                Math.max(0, at - 20),
                Math.min(bytes.length, at + 40) - Math.max(0, at - 20),
                StandardCharsets.UTF_8);
    }
}
