package dev.omni.job;

/** What the texts of a request may look like. */
final class RequestRules {
    /** Everything but NUL, which neither a process argument nor an environment variable can hold. */
    static final String NO_NUL = "[^\\x00]*";

    static final String NO_NUL_MESSAGE = "must not contain NUL";

    /** A path in the sandbox: no control characters. */
    static final String PATH = "[^\\x00-\\x1f\\x7f]*";

    static final String PATH_MESSAGE = "must not contain control characters";

    static final String ENV_NAME = "[A-Za-z_][A-Za-z0-9_]{0,127}";

    static final String ENV_NAME_MESSAGE = "must be a name of letters, digits and underscores";

    /** The kernel takes arguments of up to 128 KiB; a character of a Java string is at most three bytes. */
    static final int MAX_COMMAND = 32 * 1024;

    static final int MAX_ENV = 64;
    static final int MAX_ENV_VALUE = 8 * 1024;

    private RequestRules() {}
}
