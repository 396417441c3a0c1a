/** The error model: one table of stable codes, and the mappers that turn every failure into an RFC 9457 problem document. */
@NullMarked
package dev.omni.problem;

import org.jspecify.annotations.NullMarked;
