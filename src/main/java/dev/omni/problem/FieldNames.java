package dev.omni.problem;

/** Names of fields and parameters as the caller sent them, made fit to be told back. */
final class FieldNames {
    /** Long enough for any path of ours; a name the caller made up is cut. */
    private static final int MAX_LENGTH = 200;

    private FieldNames() {}

    static String shown(CharSequence name) {
        StringBuilder shown = new StringBuilder();
        name.codePoints()
                .limit(MAX_LENGTH)
                .map(c -> PlainText.Validator.isPlain(Character.toString(c), false) ? c : '\uFFFD')
                .forEach(shown::appendCodePoint);
        return shown.toString();
    }
}
