/** Who is calling: the caller of a request or connection, token checks, and the developer's token endpoint. */
@NullMarked
package dev.omni.identity;

import org.jspecify.annotations.NullMarked;
