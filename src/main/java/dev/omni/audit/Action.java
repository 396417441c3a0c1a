package dev.omni.audit;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What is audited. */
public enum Action {
    SANDBOX_CREATE,
    /** The default sandbox was asked for: found, woken or created. */
    SANDBOX_ENSURE,
    SANDBOX_CHANGE,
    SANDBOX_START,
    SANDBOX_STOP,
    SANDBOX_ARCHIVE,
    SANDBOX_DELETE,
    EXEC,
    JOB_START,
    JOB_END,
    PROMPT_START,
    PROMPT_END,
    JOB_INPUT,
    JOB_CANCEL,
    /** A handshake of {@code /ws}. */
    CONNECT,
    /** Messages on an open connection, which are told of only when they end it by being too many. */
    MESSAGES,
    /** Whatever changes nothing, and what was refused before it was known what it is; told of only when refused. */
    OTHER;

    @JsonValue
    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
