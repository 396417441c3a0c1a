package dev.omni.daytona.local;

import io.vertx.core.http.HttpServerRequest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Objects;

/** What is read and written in many places. */
final class Wire {
    private static final DateTimeFormatter MILLIS = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter GO = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd HH:mm:ss.SSSSSSSSS '+0000 UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private Wire() {}

    static String path(HttpServerRequest request) {
        return Objects.requireNonNullElse(request.path(), "");
    }

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
