package dev.omni.job;

import dev.omni.job.JobEvent.OutputStream;

/**
 * A place in the raw log of a session command, with what a reader must know to go on from there.
 *
 * @param offset bytes from the log's beginning
 * @param stream whose output the bytes belong to until the next marker says otherwise
 * @param lineStart whether a marker may stand here
 */
record LogPosition(long offset, OutputStream stream, boolean lineStart) {
    static final LogPosition START = new LogPosition(0, OutputStream.STDOUT, true);
}
