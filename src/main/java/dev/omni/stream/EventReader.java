package dev.omni.stream;

import io.smallrye.mutiny.Multi;

/**
 * The reader of an event stream, held to the {@link Pace} of a connection's. Used from several threads: events come on the
 * job's, the ticks on a timer's.
 */
final class EventReader {
    private final Pace pace;
    private final Runnable cut;
    private int waiting;

    /** @param cut ends the stream of a reader that is too slow: an end that is written would wait behind what it does not read */
    EventReader(Pace pace, Runnable cut) {
        this.pace = pace;
        this.cut = cut;
    }

    /** The same frames, counted on their way to whoever writes one, waits until it has drained, and asks for the next. */
    Multi<byte[]> counting(Multi<byte[]> frames) {
        return frames.onItem()
                .invoke(frame -> writing(frame.length))
                .onRequest()
                .invoke(next -> drained());
    }

    void tick() {
        if (isTooSlow()) {
            cut.run();
        }
    }

    private synchronized void writing(int size) {
        waiting = size;
    }

    private synchronized void drained() {
        pace.took(waiting);
        waiting = 0;
    }

    private synchronized boolean isTooSlow() {
        return pace.isTooSlow(waiting > 0, System.nanoTime());
    }
}
