@NullMarked
package dev.omni.startup;

import org.jspecify.annotations.NullMarked;
