/** The table of everything that is measured. Each package has one class that measures with it. */
@NullMarked
package dev.omni.metric;

import org.jspecify.annotations.NullMarked;
