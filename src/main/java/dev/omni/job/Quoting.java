package dev.omni.job;

import java.util.List;
import java.util.stream.Collectors;

/** Turns text into one word of a POSIX shell, whatever the text is. */
final class Quoting {
    private Quoting() {}

    /**
     * One shell word that stands for exactly this text in sh, dash, bash and zsh.
     *
     * @throws IllegalArgumentException for NUL, which no process argument can hold
     */
    static String word(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a shell word cannot hold NUL");
        }
        // Between single quotes every byte stands for itself, but the single quote: it is closed, escaped and reopened.
        return '\'' + text.replace("'", "'\\''") + '\'';
    }

    static String words(List<String> texts) {
        return texts.stream().map(Quoting::word).collect(Collectors.joining(" "));
    }
}
