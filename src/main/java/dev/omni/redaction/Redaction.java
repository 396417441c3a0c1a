package dev.omni.redaction;

import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/**
 * Scrubs text: first the values that are known to be secret, however they are encoded, then whatever looks like a secret
 * or an e-mail address. The time it takes grows with the length of the text alone, whatever the text is, and that is
 * bounded.
 *
 * <p>What has no look of its own (a prompt, what a command prints, an environment value of a user's) cannot be found here:
 * it must not be handed to a logger in the first place.
 */
public final class Redaction {
    /** What stands where something was. */
    public static final String MASK = "***";

    /** More of a text is not kept. */
    static final int MAX_LENGTH = 32 * 1024;

    /** Looked at beyond what is kept, so that a secret across the cut is known as one. */
    private static final int MARGIN = Needle.MAX_LENGTH;

    private static final KnownValues KNOWN = new KnownValues();

    private Redaction() {}

    /**
     * Makes values known as secret from now on. Those shorter than 8 characters are not looked for: they would blot out
     * words.
     *
     * @param values asked again with every text, so that it may change; must be quick
     */
    public static void know(Supplier<? extends Collection<String>> values) {
        KNOWN.add(values);
    }

    /** The text without secrets. */
    public static String scrub(String text) {
        return scrub(text, MAX_LENGTH);
    }

    /** The text without secrets, cut to a length. */
    public static String scrub(String text, int maxLength) {
        return scrub(text, maxLength, List.of());
    }

    /** The text without secrets, and without values that are secret in this place only. */
    public static String scrub(String text, int maxLength, Collection<String> values) {
        int kept = Math.min(maxLength, MAX_LENGTH);
        boolean whole = text.length() <= kept + MARGIN;
        String looked = whole ? text : text.substring(0, kept + MARGIN);
        String own = values.isEmpty() ? looked : KnownValues.scrub(looked, values);
        String scrubbed = Patterns.scrub(KNOWN.scrub(own));
        if (whole) {
            return scrubbed.length() > kept ? cut(scrubbed, kept) : scrubbed;
        }
        // What the text ends with may be the first half of a secret. Where it has become shorter, that is not beyond
        // what
        // is kept any more.
        return cut(scrubbed, Math.min(kept, scrubbed.length() - sameEnd(looked, scrubbed)));
    }

    /** How much of the margin both end with. */
    private static int sameEnd(String looked, String scrubbed) {
        int most = Math.min(MARGIN, scrubbed.length());
        int same = 0;
        while (same < most
                && looked.charAt(looked.length() - 1 - same) == scrubbed.charAt(scrubbed.length() - 1 - same)) {
            same++;
        }
        return same;
    }

    /** Whether a name, such as that of an environment variable, says that what it stands for is secret. */
    public static boolean namesSecret(String name) {
        return Patterns.namesSecret(name);
    }

    private static String cut(String text, int length) {
        int end = Math.min(text.length(), length);
        if (end > 0 && Character.isHighSurrogate(text.charAt(end - 1))) {
            // Not between the halves of a character.
            end--;
        }
        return text.substring(0, end) + "…";
    }
}
