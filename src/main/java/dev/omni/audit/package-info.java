/** The audit trail: who did what, from where, on what, and what came of it. */
@NullMarked
package dev.omni.audit;

import org.jspecify.annotations.NullMarked;
