package dev.omni.job;

/** What the texts of a request may look like. */
final class RequestRules {
    /** A path in the sandbox: no control characters. */
    static final String PATH = "[^\\x00-\\x1f\\x7f]*";

    static final String PATH_MESSAGE = "must not contain control characters";

    /** The kernel takes arguments of up to 128 KiB; a character of a Java string is at most three bytes. */
    static final int MAX_COMMAND = 32 * 1024;

    private RequestRules() {}
}
