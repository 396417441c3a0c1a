/**
 * What the stream promises, tried with everything breaking that can: connections, Daytona's own stream, replicas. Small in
 * every build, large in {@code make soak}; the same tests.
 */
@NullMarked
package dev.omni.soak;

import org.jspecify.annotations.NullMarked;
