package dev.omni.daytona.local;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Something that goes wrong with a request on purpose. */
public sealed interface Fault {
    /** The request is handled as always, only later. */
    record Delay(Duration delay) implements Fault {}

    /**
     * The request is not handled, only answered.
     *
     * @param body null for the error body this part of Daytona would send with that status
     */
    record Answer(
            int status,
            Map<String, String> headers,
            @Nullable String body) implements Fault {}

    /** The request is not handled and its connection is reset. */
    record Reset() implements Fault {}

    /** The request is handled, but its connection is reset before the answer. */
    record LostAnswer() implements Fault {}

    /** The request is handled twice, as when a proxy repeats it, and answered as the second time. */
    record Repeated() implements Fault {}

    /** The sandbox that this request creates or starts ends in {@code error}, and the request is answered with 400. */
    record FailedStart(String reason, boolean recoverable) implements Fault {}

    /** A followed stream ends early. Has no effect on anything else. */
    record BrokenStream(long afterBytes, Ending ending) implements Fault {}

    /** How a {@link BrokenStream} ends. */
    enum Ending {
        /** As if the command had ended: WebSocket close 1000. */
        CLOSED,
        /** The connection is reset without a close frame. */
        DROPPED,
        /** The connection stays open and silent. */
        STALLED
    }

    static Fault delay(Duration delay) {
        return new Delay(delay);
    }

    static Fault status(int status) {
        return new Answer(status, Map.of(), null);
    }

    static Fault answer(int status, Map<String, String> headers, String body) {
        return new Answer(status, headers, body);
    }

    /** Daytona's 429, which names the throttler in its header. */
    static Fault tooManyRequests(String throttler, int retryAfterSeconds) {
        return new Answer(429, Map.of("Retry-After-" + throttler, Integer.toString(retryAfterSeconds)), null);
    }

    static Fault reset() {
        return new Reset();
    }

    static Fault lostAnswer() {
        return new LostAnswer();
    }

    static Fault repeated() {
        return new Repeated();
    }

    static Fault failedStart(String reason) {
        return new FailedStart(reason, false);
    }

    static Fault closedAfter(long bytes) {
        return new BrokenStream(bytes, Ending.CLOSED);
    }

    static Fault droppedAfter(long bytes) {
        return new BrokenStream(bytes, Ending.DROPPED);
    }

    static Fault stalledAfter(long bytes) {
        return new BrokenStream(bytes, Ending.STALLED);
    }
}
