/** What operators see: log context, health, and the request log. */
@NullMarked
package dev.omni.observe;

import org.jspecify.annotations.NullMarked;
