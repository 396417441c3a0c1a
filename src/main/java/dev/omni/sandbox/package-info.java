/** A user's sandboxes: create, find, wake, stop and delete, with ownership kept as labels on the Daytona sandbox itself. */
@NullMarked
package dev.omni.sandbox;

import org.jspecify.annotations.NullMarked;
