package dev.omni.job;

import java.util.List;

/**
 * Neighbouring events of a job's log.
 *
 * @param next where to go on behind them
 * @param seen how much of the log was looked at
 * @param last whether the log ends there
 */
record Batch(List<JobEvent> events, Cursor next, long seen, boolean last) {
    static Batch none(Cursor at) {
        return new Batch(List.of(), at, at.position().offset(), false);
    }

    /** Nothing could be made of what was looked at: there must be more of the log, or its end. */
    boolean isEmptyHanded() {
        return events.isEmpty() && next.position().offset() < seen;
    }
}
