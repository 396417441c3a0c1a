/** A local Daytona for development and tests: the real HTTP and WebSocket contract on loopback, really running commands. */
@NullMarked
package dev.omni.daytona.local;

import org.jspecify.annotations.NullMarked;
