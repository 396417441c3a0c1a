/** How much a caller may ask for: rate limits, on this replica or through Redis on all of them, and quotas. */
@NullMarked
package dev.omni.limit;

import org.jspecify.annotations.NullMarked;
