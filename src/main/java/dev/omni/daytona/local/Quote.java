package dev.omni.daytona.local;

/** Quoting for shells. */
final class Quote {
    private Quote() {}

    static String shell(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }
}
