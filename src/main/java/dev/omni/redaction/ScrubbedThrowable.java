package dev.omni.redaction;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is told of an exception with secrets in its words: all but those. */
public final class ScrubbedThrowable extends Throwable {
    private static final int MAX_MESSAGE = 4 * 1024;

    /** Of causes and suppressed exceptions together. */
    private static final int MAX_CHAIN = 32;

    private final String type;

    private ScrubbedThrowable(Throwable original, @Nullable String message) {
        super(message);
        type = original.getClass().getName();
        setStackTrace(original.getStackTrace());
    }

    /** The exception itself where it and what caused it can be told as they are; a scrubbed copy otherwise. */
    public static Throwable of(Throwable original) {
        return isClean(original, seen()) ? original : copy(original, seen());
    }

    /** The name of the exception's class. */
    public static String typeOf(Throwable failure) {
        return failure instanceof ScrubbedThrowable scrubbed
                ? scrubbed.type
                : failure.getClass().getName();
    }

    private static Set<Throwable> seen() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    private static boolean isClean(@Nullable Throwable failure, Set<Throwable> seen) {
        if (failure == null || !seen.add(failure)) {
            return true;
        }
        if (seen.size() > MAX_CHAIN
                || !isClean(failure.toString())
                || (failure.getMessage() != null && !isClean(failure.getMessage()))
                || !isClean(failure.getCause(), seen)) {
            return false;
        }
        for (Throwable suppressed : failure.getSuppressed()) {
            if (!isClean(suppressed, seen)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isClean(String text) {
        return text.length() <= MAX_MESSAGE && Redaction.scrub(text).equals(text);
    }

    private static ScrubbedThrowable copy(Throwable original, Set<Throwable> seen) {
        seen.add(original);
        String message = original.getMessage();
        ScrubbedThrowable copy =
                new ScrubbedThrowable(original, message == null ? null : Redaction.scrub(message, MAX_MESSAGE));
        Throwable cause = original.getCause();
        if (cause != null && seen.size() < MAX_CHAIN && !seen.contains(cause)) {
            copy.initCause(copy(cause, seen));
        }
        for (Throwable suppressed : original.getSuppressed()) {
            if (seen.size() < MAX_CHAIN && !seen.contains(suppressed)) {
                copy.addSuppressed(copy(suppressed, seen));
            }
        }
        return copy;
    }

    /** By the name of the original, as stack traces are headed by it. */
    @Override
    @SuppressWarnings("OverrideThrowableToString") // the message stays what it was
    public String toString() {
        return getMessage() == null ? type : type + ": " + getMessage();
    }
}
