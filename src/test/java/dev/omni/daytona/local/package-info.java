/** What the local Daytona does, over the wire, as Daytona's own clients would see it. */
@NullMarked
package dev.omni.daytona.local;

import org.jspecify.annotations.NullMarked;
