package dev.omni.job;

/**
 * How a short command ended. Bytes that are no valid UTF-8 are replaced.
 *
 * @param truncated whether it printed more than is returned
 */
public record ExecResult(int exitCode, String stdout, String stderr, boolean truncated, long durationMillis) {}
