/** The one place that takes secrets out of text on its way to a log, the audit trail, a problem document or Sentry. */
@NullMarked
package dev.omni.redaction;

import org.jspecify.annotations.NullMarked;
