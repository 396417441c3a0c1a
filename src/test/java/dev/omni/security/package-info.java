/** What nobody should be able to do: bad input of every kind, forged tokens, and other people's things. */
@NullMarked
package dev.omni.security;

import org.jspecify.annotations.NullMarked;
