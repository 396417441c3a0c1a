package dev.omni.daytona.local;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What of a file a request wants. */
record ByteRange(long first, long length, boolean isPart) {
    private static final Pattern HEADER = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

    /** The whole file without a (single) range; null when there is nothing of the range in the file. */
    static @Nullable ByteRange of(@Nullable String header, long size) {
        Matcher range = HEADER.matcher(header == null ? "" : header);
        if (!range.matches() || (range.group(1).isEmpty() && range.group(2).isEmpty())) {
            return new ByteRange(0, size, false);
        }
        if (range.group(1).isEmpty()) {
            long length = Math.min(size, Long.parseLong(range.group(2)));
            return length == 0 ? null : new ByteRange(size - length, length, true);
        }
        long first = Long.parseLong(range.group(1));
        long last = range.group(2).isEmpty() ? size - 1 : Math.min(size - 1, Long.parseLong(range.group(2)));
        return first >= size || last < first ? null : new ByteRange(first, last - first + 1, true);
    }

    String contentRange(long size) {
        return "bytes " + first + "-" + (first + length - 1) + "/" + size;
    }
}
