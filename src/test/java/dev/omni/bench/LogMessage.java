package dev.omni.bench;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** What subscribers make of the stream's messages. */
final class LogMessage {
    private static final byte[] DATA = "\"data\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] AFTER_DATA = "\",\"stream\":".getBytes(StandardCharsets.US_ASCII);

    private LogMessage() {}

    /** The output that a whole message carries, where it carries any. */
    static Optional<String> output(Buffer message) {
        JsonObject json = message.toJsonObject();
        return json.getString("type").equals("log") ? Optional.of(json.getString("data")) : Optional.empty();
    }

    private static boolean isMessage(WebSocketFrame frame) {
        if (!frame.isFinal() || frame.isContinuation()) {
            throw new IllegalStateException("a message in more than one frame");
        }
        return frame.isText() || frame.isBinary();
    }

    /** Keeps frames with the time at which each came, to be looked at later. */
    static final class Recording implements Handler<WebSocketFrame> {
        private final List<Arrival> arrivals = new ArrayList<>();

        /** @param micros since 1970 */
        record Arrival(long micros, Buffer bytes) {}

        @Override
        public void handle(WebSocketFrame frame) {
            long now = Clock.micros();
            if (!isMessage(frame)) {
                return;
            }
            synchronized (arrivals) {
                arrivals.add(new Arrival(now, frame.binaryData()));
            }
        }

        List<Arrival> arrivals() {
            synchronized (arrivals) {
                return List.copyOf(arrivals);
            }
        }
    }

    /**
     * Counts what comes, at next to no cost: the length of the output is that of the message without what stands around it,
     * and is compared with what the job printed. A lossy stream is caught, and so is one that doubles.
     */
    static final class Counting implements Handler<WebSocketFrame> {
        private final long expected;
        private final CountDownLatch complete;
        private final boolean keeps;
        private final List<Buffer> kept = new ArrayList<>();
        private int head;
        private int tail;
        private long messages;
        private long bytes;
        private long output;
        private volatile long firstAt;
        private volatile long lastAt;

        /**
         * @param expected the length of a job's output as JSON has it
         * @param complete counted down when that has come
         * @param keeps whether to keep the frames
         */
        Counting(long expected, CountDownLatch complete, boolean keeps) {
            this.expected = expected;
            this.complete = complete;
            this.keeps = keeps;
        }

        @Override
        public void handle(WebSocketFrame frame) {
            if (!isMessage(frame)) {
                return;
            }
            Buffer message = frame.binaryData();
            // The places are mostly those of the message before: looking there first spares the search.
            head = at(message, head, DATA) ? head : find(message, DATA);
            if (head < 0) {
                return;
            }
            tail = at(message, message.length() - tail, AFTER_DATA) ? tail : fromEnd(message, head);
            if (firstAt == 0) {
                firstAt = System.nanoTime();
            }
            if (keeps) {
                kept.add(message);
            }
            messages++;
            bytes += message.length();
            output += message.length() - tail - head - DATA.length;
            if (output >= expected) {
                lastAt = System.nanoTime();
                complete.countDown();
            }
        }

        private static int find(Buffer message, byte[] text) {
            for (int i = 0; i < Math.min(message.length(), 512); i++) {
                if (at(message, i, text)) {
                    return i;
                }
            }
            return -1;
        }

        private static int fromEnd(Buffer message, int head) {
            for (int i = message.length() - AFTER_DATA.length; i > head; i--) {
                if (at(message, i, AFTER_DATA)) {
                    return message.length() - i;
                }
            }
            throw new IllegalStateException("output in a message of another form: " + message);
        }

        private static boolean at(Buffer message, int index, byte[] text) {
            if (index < 0 || index + text.length > message.length()) {
                return false;
            }
            for (int i = 0; i < text.length; i++) {
                if (message.getByte(index + i) != text[i]) {
                    return false;
                }
            }
            return true;
        }

        /** Fails unless exactly the job's output has come. */
        void verify() {
            if (output != expected) {
                throw new IllegalStateException("got %d bytes of output, not %d".formatted(output, expected));
            }
        }

        List<Buffer> kept() {
            return kept;
        }

        long messages() {
            return messages;
        }

        long bytes() {
            return bytes;
        }

        long firstAt() {
            return firstAt;
        }

        long lastAt() {
            return lastAt;
        }
    }
}
