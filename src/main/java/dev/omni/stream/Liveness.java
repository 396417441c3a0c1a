package dev.omni.stream;

import java.time.Duration;

/**
 * Whether the peer of a connection is still there, and reads. It shows the first by a pong, a message, or by reading: a write
 * that had not drained at one tick and drains later. Confined to the connection's event loop; times are those of
 * {@link System#nanoTime}.
 */
final class Liveness {
    /** What a tick calls for. */
    enum Tick {
        /** Send a heartbeat and a ping. */
        PROBE,
        /** The reader is behind: more would only queue up in memory. */
        HOLD,
        /** No sign of life for too long. */
        GIVE_UP,
        /** It is there, and behind, and takes next to nothing. */
        TOO_SLOW
    }

    private final long timeoutNanos;
    private final Pace pace;
    private long lastSign;
    private int undrained;
    private boolean held;

    Liveness(Duration timeout, Pace pace, long now) {
        this.timeoutNanos = timeout.toNanos();
        this.pace = pace;
        this.lastSign = now;
    }

    /** Something came from the peer. */
    void sign(long now) {
        lastSign = now;
    }

    /** A frame is on its way to the kernel. */
    void writing() {
        undrained++;
    }

    /** A frame has left for the kernel. Which says something of the peer only if it had to wait for room there. */
    void drained(long now, int size) {
        undrained--;
        pace.took(size);
        if (held) {
            held = false;
            lastSign = now;
        }
    }

    Tick tick(long now) {
        if (now - lastSign > timeoutNanos) {
            return Tick.GIVE_UP;
        }
        held = undrained > 0;
        if (pace.isTooSlow(held, now)) {
            return Tick.TOO_SLOW;
        }
        return held ? Tick.HOLD : Tick.PROBE;
    }
}
