package dev.omni.redaction;

/**
 * A value as it may stand in a text. Finding it takes no longer than the two are long together, however often both repeat
 * themselves: whoever sends a text may have made the value for it.
 *
 * @param whole all of it; more of it than {@link #MAX_LENGTH} is taken out as far as the text goes on with it
 */
record Needle(String whole) {
    /** Of a longer one, its beginning is looked for. */
    static final int MAX_LENGTH = 4096;

    /** Looked for first, by what the platform is quickest at: nearly always there is nothing. */
    private static final int HEAD = 8;

    String maskIn(String text) {
        String sought = whole.length() > MAX_LENGTH ? whole.substring(0, MAX_LENGTH) : whole;
        if (sought.length() > text.length() || !text.contains(sought.substring(0, Math.min(HEAD, sought.length())))) {
            return text;
        }
        int[] overlaps = overlaps(sought);
        int found = indexIn(text, sought, overlaps, 0);
        if (found < 0) {
            return text;
        }
        StringBuilder masked = new StringBuilder(text.length());
        int from = 0;
        while (found >= 0) {
            masked.append(text, from, found).append(Redaction.MASK);
            from = found + sought.length();
            while (from < text.length()
                    && from - found < whole.length()
                    && text.charAt(from) == whole.charAt(from - found)) {
                from++;
            }
            found = indexIn(text, sought, overlaps, from);
        }
        return masked.append(text, from, text.length()).toString();
    }

    /** Where it begins; reads no character of the text twice. */
    static int indexIn(CharSequence text, String sought, int[] overlaps, int from) {
        int matched = 0;
        for (int i = from; i < text.length(); i++) {
            char next = text.charAt(i);
            while (matched > 0 && sought.charAt(matched) != next) {
                matched = overlaps[matched - 1];
            }
            if (sought.charAt(matched) == next) {
                matched++;
            }
            if (matched == sought.length()) {
                return i - matched + 1;
            }
        }
        return -1;
    }

    /** For each length of it that may have been read: how much of its end is its beginning again. */
    static int[] overlaps(CharSequence sought) {
        int[] overlaps = new int[sought.length()];
        int matched = 0;
        for (int i = 1; i < overlaps.length; i++) {
            char next = sought.charAt(i);
            while (matched > 0 && sought.charAt(matched) != next) {
                matched = overlaps[matched - 1];
            }
            if (sought.charAt(matched) == next) {
                matched++;
            }
            overlaps[i] = matched;
        }
        return overlaps;
    }
}
