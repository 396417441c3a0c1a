package dev.omni.job;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The shell text that runs a job in a session. Whatever shell the session has, it only starts {@code sh} on our own
 * script ({@code run.sh}); everything of the caller's travels as quoted words behind it, so no input can become syntax.
 */
final class JobScript {
    private static final String RUN = resource("run.sh");
    private static final String CANCEL = resource("cancel.sh");

    private JobScript() {}

    /**
     * The command for a session.
     *
     * @param directory the job's own directory in the sandbox, absolute
     * @param stdin where the command's stdin comes from; a text must have been written to {@code directory/stdin}
     */
    static String run(
            JobHeader header,
            String directory,
            String command,
            String cwd,
            Map<String, String> env,
            NewJob.Stdin stdin) {
        StringBuilder text = new StringBuilder(header.line()).append("\n(\n");
        // Exported rather than passed as words: values may be secrets, and words show in the process list.
        text.append(exports(env));
        String from = switch (stdin) {
            case NewJob.Stdin.Closed() -> "closed";
            case NewJob.Stdin.Open() -> "open";
            case NewJob.Stdin.Text(String ignored) -> "file";
        };
        return text.append("exec sh -c ")
                .append(Quoting.words(List.of(
                        RUN,
                        "omni",
                        directory,
                        Long.toString(header.timeoutSeconds()),
                        cwd,
                        from,
                        command,
                        header.line())))
                .append("\n)\n")
                .toString();
    }

    /** The shell text that puts variables into the environment. */
    static String exports(Map<String, String> env) {
        StringBuilder text = new StringBuilder();
        env.forEach((name, value) -> text.append("export ")
                .append(name)
                .append('=')
                .append(Quoting.word(value))
                .append('\n'));
        return text.toString();
    }

    /** The short command that ends a job. */
    static String cancel(String directory) {
        return "sh -c " + Quoting.words(List.of(CANCEL, "omni", directory));
    }

    private static String resource(String name) {
        try (InputStream in =
                Objects.requireNonNull(JobScript.class.getResourceAsStream(name), name + " is part of the program")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
