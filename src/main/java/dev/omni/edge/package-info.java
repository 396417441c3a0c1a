/**
 * What happens to connections and requests before anybody reads them: deadlines, origins, methods and encodings, and the
 * answers to what is no HTTP at all.
 */
@NullMarked
package dev.omni.edge;

import org.jspecify.annotations.NullMarked;
