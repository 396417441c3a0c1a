package dev.omni.sandbox;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.omni.problem.PlainText;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * What a caller may say about a new sandbox. All of it is optional.
 *
 * @param name unique among the caller's sandboxes
 * @param snapshot the name of the snapshot to make it from
 * @param env environment variables of everything that runs in it
 * @param labels the caller's own, to find it by
 * @param resources only where no snapshot decides them
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
record NewSandboxRequest(
        @Schema(pattern = NAME)
        @Pattern(
                regexp = NAME,
                message = "must be 1 to 63 of a-z, 0-9, '.', '_' and '-', with a letter or digit at both ends")
        @Pattern(regexp = "(?!default$).*", message = "'default' is the name of the default sandbox")
        @Nullable
        String name,

        @Pattern(regexp = "[A-Za-z0-9][A-Za-z0-9._:/@-]{0,254}", message = "must be the name of a snapshot") @Nullable
        String snapshot,

        @Size(max = EnvironmentRules.MAX_ENTRIES)
        Map<
                        @Pattern(regexp = EnvironmentRules.NAME, message = EnvironmentRules.NAME_MESSAGE)
                        @Pattern(regexp = "(?!USER_ID$).*", message = "USER_ID is set by the service") String,
                        @NotNull @Size(max = EnvironmentRules.MAX_VALUE)
                        @Pattern(regexp = EnvironmentRules.NO_NUL, message = EnvironmentRules.NO_NUL_MESSAGE) String>
                env,

        @Size(max = 32)
        Map<
                        @Pattern(regexp = LABEL_KEY, message = LABEL_KEY_MESSAGE)
                        @Pattern(regexp = FOREIGN_KEY, message = FOREIGN_KEY_MESSAGE) String,
                        @NotNull @Size(max = 255) @PlainText String>
                labels,

        @Valid @Nullable Resources resources,
        @Valid @Nullable Idle idle,
        @Valid @Nullable Network network) {

    static final String LABEL_KEY = "[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?";
    static final String LABEL_KEY_MESSAGE =
            "must be 1 to 63 of letters, digits, '.', '_', '/' and '-', with a letter or digit at both ends";
    static final String FOREIGN_KEY = "(?!omni\\.).*";
    static final String FOREIGN_KEY_MESSAGE = "labels that begin with 'omni.' are the service's own";

    private static final String NAME = "[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?";
    private static final String OCTET = "(25[0-5]|2[0-4]\\d|1?\\d?\\d)";
    static final String IPV4_NETWORK = "(" + OCTET + "\\.){3}" + OCTET + "/(3[0-2]|[12]?\\d)";

    NewSandboxRequest {
        env = env == null ? Map.of() : env;
        labels = labels == null ? Map.of() : labels;
    }

    /** Whole cores and gibibytes; what is not said is the platform's choice. */
    @Schema(name = "RequestedResources")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Resources(
            @Min(1) @Max(16) @Nullable Integer cpu,
            @Min(1) @Max(64) @Nullable Integer memoryGiB,
            @Min(1) @Max(100) @Nullable Integer diskGiB) {}

    /** When an unused sandbox is stopped, archived and deleted; see {@link Sandbox.Idle}. */
    @Schema(name = "RequestedIdlePolicy")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Idle(
            @Min(1) @Nullable Integer stopAfterMinutes,
            @Min(1) @Nullable Integer archiveAfterMinutes,
            @Min(0) @Nullable Integer deleteAfterMinutes) {}

    /**
     * What the sandbox may reach.
     *
     * @param blockAll nothing at all
     * @param allow only these IPv4 networks
     */
    @Schema(name = "NetworkPolicy")
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record Network(
            @Nullable Boolean blockAll,

            @Size(max = 10)
            List<
                            @NotNull
                            @Pattern(regexp = IPV4_NETWORK, message = "must be an IPv4 network such as 10.0.0.0/8")
                            String>
                    allow) {
        Network {
            allow = allow == null ? List.of() : allow;
        }
    }
}
