package dev.omni.daytona;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What Daytona counts per organisation, by the name that its headers end with. */
enum Throttler {
    /** Everything that has none of its own. */
    AUTHENTICATED,
    SANDBOX_CREATE,
    SANDBOX_LIFECYCLE;

    private final String header = name().toLowerCase(Locale.ROOT).replace('_', '-');

    String header() {
        return header;
    }

    /** Null for one that does not count calls like ours. */
    static @Nullable Throttler of(String header) {
        for (Throttler throttler : values()) {
            if (throttler.header.equals(header)) {
                return throttler;
            }
        }
        return null;
    }
}
