package dev.omni.sandbox;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Our cursor over a list: Daytona's own, behind a version and the fingerprint of whose list it is and how it is filtered.
 * A cursor that is taken to another list is refused instead of giving a page that means nothing.
 */
final class ListCursor {
    private static final String VERSION = "1";
    /** Daytona's cursors are some hundred characters; what is far longer is none of ours. */
    private static final int MAX_LENGTH = 2048;

    private ListCursor() {}

    static String encode(String binding, String upstreamCursor) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((VERSION + binding + upstreamCursor).getBytes(StandardCharsets.UTF_8));
    }

    /** Daytona's cursor. Fails with {@code invalid_cursor}. */
    static String decode(String binding, String cursor) {
        if (cursor.length() <= MAX_LENGTH) {
            try {
                String text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
                String prefix = VERSION + binding;
                if (text.startsWith(prefix) && text.length() > prefix.length()) {
                    return text.substring(prefix.length());
                }
            } catch (IllegalArgumentException e) {
                // Not base64: refused like any other foreign cursor.
            }
        }
        throw new ProblemException(
                ProblemCode.INVALID_CURSOR, "The cursor is not one of this list. Ask for the first page without one.");
    }
}
