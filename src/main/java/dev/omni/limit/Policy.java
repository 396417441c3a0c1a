package dev.omni.limit;

import java.util.Locale;

/** What is limited. A call of any other policy but the first is counted against {@link #GENERAL} as well. */
public enum Policy {
    /** Requests from an address that turn out to be nobody's: counted before anything is known of the caller. */
    EDGE,
    /** Calls of the API. */
    GENERAL,
    /** Calls that make a sandbox. */
    CREATE,
    /** Calls that run something in one. */
    RUN,
    /** Handshakes of the WebSocket. */
    UPGRADE;

    /** Its name for clients, in metrics and in Redis. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
