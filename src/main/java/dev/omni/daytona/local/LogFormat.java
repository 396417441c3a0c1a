package dev.omni.daytona.local;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How a session command's output is sent, which depends on the version the client says it is. */
enum LogFormat {
    /** Text without labels. */
    COMBINED,
    /** Text with labels. */
    LABELLED,
    /** JSON with the labelled text and both streams of it; over a WebSocket the same as {@link #LABELLED}. */
    JSON;

    static final String VERSION_HEADER = "X-Daytona-SDK-Version";

    private static final Pattern VERSION = Pattern.compile("v?(\\d{1,6})\\.(\\d{1,6})\\.(\\d{1,6})(?:[-+].*)?");
    private static final String SUBPROTOCOL = VERSION_HEADER + "~";

    static LogFormat of(Exchange exchange) {
        String version = exchange.header(VERSION_HEADER);
        if (version == null) {
            version = versionInSubprotocol(exchange.header("Sec-WebSocket-Protocol"));
        }
        return of(version, "true".equals(exchange.header("X-Daytona-Split-Output")));
    }

    static LogFormat of(@Nullable String version, boolean splitOutput) {
        if (version == null || version.isBlank()) {
            return splitOutput ? LABELLED : COMBINED;
        }
        if (version.contains("dev")) {
            return JSON;
        }
        Matcher parts = VERSION.matcher(version);
        if (!parts.matches()) {
            return LABELLED;
        }
        int major = Integer.parseInt(parts.group(1));
        int minor = Integer.parseInt(parts.group(2));
        if (major > 0 || minor >= 167) {
            return JSON;
        }
        return minor >= 27 ? LABELLED : COMBINED;
    }

    private static @Nullable String versionInSubprotocol(@Nullable String offered) {
        if (offered != null) {
            for (String protocol : offered.split(",", -1)) {
                if (protocol.trim().startsWith(SUBPROTOCOL)) {
                    return protocol.trim().substring(SUBPROTOCOL.length());
                }
            }
        }
        return null;
    }
}
