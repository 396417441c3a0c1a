@NullMarked
package dev.omni.secret;

import org.jspecify.annotations.NullMarked;
