package dev.omni.sandbox;

/** What the environment variables of a request may look like, whether they are a sandbox's or a job's. */
public final class EnvironmentRules {
    public static final int MAX_ENTRIES = 64;

    public static final String NAME = "[A-Za-z_][A-Za-z0-9_]{0,127}";

    public static final String NAME_MESSAGE = "must be up to 128 letters, digits and '_', with no digit first";

    public static final int MAX_VALUE = 8 * 1024;

    /** Everything but NUL, which neither a process argument nor an environment variable can hold. */
    public static final String NO_NUL = "[^\\x00]*";

    public static final String NO_NUL_MESSAGE = "must not contain NUL";

    private EnvironmentRules() {}
}
