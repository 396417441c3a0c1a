package dev.omni.job;

import static dev.omni.job.RequestRules.MAX_COMMAND;
import static dev.omni.job.RequestRules.PATH;
import static dev.omni.job.RequestRules.PATH_MESSAGE;

import dev.omni.sandbox.EnvironmentRules;
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

/** A short command. */
public record ExecRequest(
        @Schema(description = "A shell command, of several lines if need be")
        @NotBlank
        @Size(max = MAX_COMMAND)
        @Pattern(
                regexp = EnvironmentRules.NO_NUL,
                message = EnvironmentRules.NO_NUL_MESSAGE,
                flags = Pattern.Flag.DOTALL)
        String command,

        @Schema(description = "The working directory")
        @Size(min = 1, max = 4096)
        @Pattern(regexp = PATH, message = PATH_MESSAGE)
        @Nullable
        String cwd,

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

        @Schema(defaultValue = "30") @Min(1) @Max(300) @Nullable
        Integer timeoutSeconds,

        @Schema(description = "What the command reads; nothing when absent") @Size(max = 512 * 1024) @Nullable
        String stdin) {
    private static final int DEFAULT_TIMEOUT_SECONDS = 30;

    NewJob.Command toCommand() {
        return new NewJob.Command(
                command,
                cwd,
                env == null ? Map.of() : env,
                Duration.ofSeconds(timeoutSeconds == null ? DEFAULT_TIMEOUT_SECONDS : timeoutSeconds),
                stdin == null ? new NewJob.Stdin.Closed() : new NewJob.Stdin.Text(stdin));
    }
}
