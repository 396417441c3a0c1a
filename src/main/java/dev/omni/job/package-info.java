/** A job runs one input in a sandbox. Its output is an append-only log; a cursor is a position in that log. */
@NullMarked
package dev.omni.job;

import org.jspecify.annotations.NullMarked;
