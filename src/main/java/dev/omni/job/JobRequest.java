package dev.omni.job;

import static dev.omni.job.RequestRules.MAX_COMMAND;
import static dev.omni.job.RequestRules.PATH;
import static dev.omni.job.RequestRules.PATH_MESSAGE;

import dev.omni.problem.ProblemException;
import dev.omni.sandbox.EnvironmentRules;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.time.Duration;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What to run: a command or a prompt, one of them. */
public record JobRequest(
        @Schema(description = "A shell command, of several lines if need be")
        @Size(min = 1, max = MAX_COMMAND)
        @Pattern(
                regexp = EnvironmentRules.NO_NUL,
                message = EnvironmentRules.NO_NUL_MESSAGE,
                flags = Pattern.Flag.DOTALL)
        @Nullable
        String command,

        @Schema(description = "The working directory of a command")
        @Size(min = 1, max = 4096)
        @Pattern(regexp = PATH, message = PATH_MESSAGE)
        @Nullable
        String cwd,

        @Schema(description = "Whether a command's stdin stays open for input", defaultValue = "closed")
        @Pattern(regexp = "open|closed", message = "must be open or closed")
        @Nullable
        String stdin,

        @Valid @Nullable PromptRequest prompt,

        @Size(max = EnvironmentRules.MAX_ENTRIES) @Nullable
        Map<
                        @Pattern(regexp = EnvironmentRules.NAME, message = EnvironmentRules.NAME_MESSAGE) String,
                        @NotNull @Size(max = EnvironmentRules.MAX_VALUE)
                        @Pattern(
                                regexp = EnvironmentRules.NO_NUL,
                                message = EnvironmentRules.NO_NUL_MESSAGE,
                                flags = Pattern.Flag.DOTALL)
                        String>
                env,

        @Schema(description = "After which it is ended, in the sandbox") @Min(1) @Nullable
        Integer timeoutSeconds) {

    /** Claude Code, headless. */
    public record PromptRequest(
            @Schema(description = "What Claude Code reads") @NotBlank @Size(max = 512 * 1024)
            String input,

            @Pattern(regexp = NewJob.Prompt.MODEL, message = "must be the name of a model") @Nullable
            String model,

            @Schema(description = "The session of an earlier prompt to go on with")
            @Pattern(regexp = "[A-Za-z0-9][A-Za-z0-9_-]{0,127}", message = "must be the id of a session")
            @Nullable
            String resume,

            @Min(1) @Max(1000) @Nullable Integer maxTurns,

            @Size(min = 1, max = 16 * 1024)
            @Pattern(
                    regexp = EnvironmentRules.NO_NUL,
                    message = EnvironmentRules.NO_NUL_MESSAGE,
                    flags = Pattern.Flag.DOTALL)
            @Nullable
            String systemPrompt) {}

    /** @throws ProblemException for what the fields do not say one by one */
    NewJob toJob(JobConfig config) {
        if ((command == null) == (prompt == null)) {
            throw ProblemException.invalid("command", "give either command or prompt");
        }
        if (timeoutSeconds != null && timeoutSeconds > config.maxTimeout().toSeconds()) {
            throw ProblemException.invalid(
                    "timeoutSeconds",
                    "must be at most %d".formatted(config.maxTimeout().toSeconds()));
        }
        Duration timeout = timeoutSeconds == null ? null : Duration.ofSeconds(timeoutSeconds);
        Map<String, String> environment = env == null ? Map.of() : env;
        if (command != null) {
            if (command.isBlank()) {
                throw ProblemException.invalid("command", "must not be blank");
            }
            return new NewJob.Command(
                    command,
                    cwd,
                    environment,
                    timeout,
                    "open".equals(stdin) ? new NewJob.Stdin.Open() : new NewJob.Stdin.Closed());
        }
        if (cwd != null || stdin != null) {
            throw ProblemException.invalid(cwd != null ? "cwd" : "stdin", "goes with a command, not with a prompt");
        }
        return new NewJob.Prompt(
                prompt.input(),
                prompt.model(),
                prompt.resume(),
                prompt.maxTurns(),
                prompt.systemPrompt(),
                environment,
                timeout);
    }
}
