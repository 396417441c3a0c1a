package dev.omni.job;

import java.util.List;

/**
 * Neighbouring events of a job's log.
 *
 * @param next where to go on behind them
 * @param seen how much of the log was looked at
 */
record Batch(List<JobEvent> events, Cursor next, long seen) {
    static Batch none(Cursor at) {
        return new Batch(List.of(), at, at.position().offset());
    }

    /** Nothing could be made of what was looked at: there must be more of the log, or its end. */
    boolean isEmptyHanded() {
        return events.isEmpty() && next.position().offset() < seen;
    }
}
