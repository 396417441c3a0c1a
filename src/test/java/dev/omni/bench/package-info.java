/** The measurements behind docs/performance.md, against the packaged application in a process of its own. */
@NullMarked
package dev.omni.bench;

import org.jspecify.annotations.NullMarked;
