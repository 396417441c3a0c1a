package dev.omni.sandbox;

import static dev.omni.sandbox.NewSandboxRequest.FOREIGN_KEY;
import static dev.omni.sandbox.NewSandboxRequest.FOREIGN_KEY_MESSAGE;
import static dev.omni.sandbox.NewSandboxRequest.LABEL_KEY;
import static dev.omni.sandbox.NewSandboxRequest.LABEL_KEY_MESSAGE;

import dev.omni.problem.PlainText;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a caller may change about a sandbox. What is absent stays as it is.
 *
 * @param labels in place of all the caller's labels
 * @param idle only the clocks that are named
 */
record SandboxChange(
        @Size(max = 32) @Nullable
        Map<
                        @Pattern(regexp = LABEL_KEY, message = LABEL_KEY_MESSAGE)
                        @Pattern(regexp = FOREIGN_KEY, message = FOREIGN_KEY_MESSAGE) String,
                        @NotNull @Size(max = 255) @PlainText String>
                labels,

        @Valid NewSandboxRequest.@Nullable Idle idle) {}
