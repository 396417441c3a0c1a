/** The four calls that today's web app speaks, mapped onto the services behind the current API. */
@NullMarked
package dev.omni.compat;

import org.jspecify.annotations.NullMarked;
