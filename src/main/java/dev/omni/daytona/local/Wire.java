package dev.omni.daytona.local;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Times as Daytona writes them. */
final class Wire {
    private static final DateTimeFormatter MILLIS = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter GO = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd HH:mm:ss.SSSSSSSSS '+0000 UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private Wire() {}

    static String now() {
        return time(Instant.now());
    }

    /** The control plane's: always with milliseconds. */
    static String time(Instant instant) {
        return MILLIS.format(instant);
    }

    /** Go's own text for a time, which file information carries beside a standard one. */
    static String goText(Instant instant) {
        return GO.format(instant);
    }
}
