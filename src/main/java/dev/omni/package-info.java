/** Omni: runs a signed-in user's input in that user's own sandbox and streams what happens, live and without loss. */
@NullMarked
package dev.omni;

import org.jspecify.annotations.NullMarked;
