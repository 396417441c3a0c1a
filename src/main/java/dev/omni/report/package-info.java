/** Tells Sentry of failures that nobody expected. */
@NullMarked
package dev.omni.report;

import org.jspecify.annotations.NullMarked;
