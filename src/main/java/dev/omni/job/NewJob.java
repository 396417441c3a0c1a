package dev.omni.job;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What to run. Values are validated by whoever builds one from a request. */
public sealed interface NewJob {
    /** Environment for this job alone, over the sandbox's own. */
    Map<String, String> env();

    /** Enforced inside the sandbox; null for the configured default of its kind. */
    @Nullable
    Duration timeout();

    /**
     * A shell command.
     *
     * @param cwd absolute, or relative to where sessions start; null to start there
     */
    record Command(
            String command,
            @Nullable String cwd,
            Map<String, String> env,
            @Nullable Duration timeout,
            Stdin stdin) implements NewJob {
        public Command {
            env = Map.copyOf(env);
        }
    }

    /**
     * Claude Code, headless, in the workspace.
     *
     * @param input what goes to its stdin
     * @param resume the id of an earlier session to go on with
     */
    record Prompt(
            String input,
            @Nullable String model,
            @Nullable String resume,
            @Nullable Integer maxTurns,
            @Nullable String systemPrompt,
            Map<String, String> env,
            @Nullable Duration timeout)
            implements NewJob {
        /** What the name of a model looks like. */
        public static final String MODEL = "[A-Za-z0-9][A-Za-z0-9._:/@\\[\\]-]{0,127}";

        public Prompt {
            env = Map.copyOf(env);
        }

        /** A prompt with nothing but its input and, maybe, a model and environment. */
        public static Prompt of(String input, @Nullable String model, Map<String, String> env) {
            return new Prompt(input, model, null, null, null, env, null);
        }
    }

    /** Where a command's stdin comes from. Closed unless asked for: programs that wait for input would hang for ever. */
    sealed interface Stdin {
        /** Reads end of file at once. */
        record Closed() implements Stdin {}

        /** Stays open for {@link Jobs#input}; there is no way to end it but to end the job. */
        record Open() implements Stdin {}

        /** Reads this text, then end of file. */
        record Text(String text) implements Stdin {}
    }
}
