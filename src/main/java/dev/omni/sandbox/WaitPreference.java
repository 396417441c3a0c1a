package dev.omni.sandbox;

import dev.omni.problem.ProblemException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The {@code wait} preference of RFC 7240: how many seconds the caller would rather wait for a sandbox that is ready than
 * have an answer at once. Other preferences are ignored, as they must be.
 */
record WaitPreference(int seconds) {
    private static final int MAX_SECONDS = 60;
    private static final Pattern SECONDS = Pattern.compile("\\d{1,4}");

    /** The first {@code wait} of the headers; null where there is none. Fails with {@code validation_failed}. */
    static @Nullable WaitPreference of(List<String> headers) {
        for (String header : headers) {
            for (String preference : header.split(",", -1)) {
                // What follows a semicolon are parameters, and wait has none.
                String[] pair = preference.split(";", 2)[0].split("=", 2);
                if (pair[0].strip().toLowerCase(Locale.ROOT).equals("wait")) {
                    return parse(pair.length == 2 ? pair[1].strip() : "");
                }
            }
        }
        return null;
    }

    private static WaitPreference parse(String value) {
        if (SECONDS.matcher(value).matches()) {
            int seconds = Integer.parseInt(value);
            if (seconds <= MAX_SECONDS) {
                return new WaitPreference(seconds);
            }
        }
        throw ProblemException.invalid("Prefer", "wait must be 0 to " + MAX_SECONDS + " seconds");
    }

    static Duration duration(@Nullable WaitPreference preference) {
        return preference == null ? Duration.ZERO : Duration.ofSeconds(preference.seconds());
    }

    /** The value of {@code Preference-Applied}. */
    String applied() {
        return "wait=" + seconds;
    }
}
