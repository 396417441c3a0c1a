package dev.omni.sandbox;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** What sandboxes are made of, and how long they live. */
@ConfigMapping(prefix = "omni.sandbox")
public interface SandboxConfig {
    /**
     * The environment the sandboxes belong to. Environments that share a Daytona organisation must differ in it; changing
     * it loses sight of all sandboxes made before.
     */
    @WithDefault("${quarkus.profile:prod}")
    @Pattern(regexp = "[a-z0-9][a-z0-9-]{0,15}")
    String environment();

    /** The snapshot for sandboxes whose request names none. Without one Daytona takes its own default. */
    Optional<String> snapshot();

    /**
     * Environment variables of every sandbox. They are fixed when a sandbox is made. A
     * caller's own variable of the same name wins; {@code USER_ID} is always the owner's id. Daytona shows them: secrets go
     * into {@link #secretEnv()}.
     */
    Map<String, String> env();

    /** Secret variables of every command, by name: see {@link SandboxSecrets}. Of files, wherever there are any. */
    Map<String, String> secretEnv();

    /** The idle policy of sandboxes whose request says nothing of it, and of the default sandbox. */
    Idle idle();

    /** The most a request may ask for. */
    MaxIdle maxIdle();

    /** How long a proven right to a sandbox is believed without asking Daytona again. */
    @WithDefault("60s")
    Duration accessTtl();

    /** See {@link Sandbox.Idle}. */
    interface Idle {
        /** Minutes from the last activity to the stop; 0 for never, which the checks at start want to be told twice. */
        @WithDefault("15")
        @Min(0)
        int stopAfterMinutes();

        /** Minutes from the stop to the archive; 7 days. */
        @WithDefault("10080")
        @Min(1)
        @Max(43_200)
        int archiveAfterMinutes();

        /** Minutes from the stop to the deletion; 30 days. */
        @WithDefault("43200")
        @Min(0)
        int deleteAfterMinutes();
    }

    /** Upper bounds. There is no "never": a sandbox that nobody uses goes away some day. */
    interface MaxIdle {
        /** Minutes; 1 day. */
        @WithDefault("1440")
        @Min(1)
        int stopAfterMinutes();

        /** Minutes; 30 days, which is also Daytona's own bound. */
        @WithDefault("43200")
        @Min(1)
        @Max(43_200)
        int archiveAfterMinutes();

        /** Minutes; 1 year. */
        @WithDefault("525600")
        @Min(0)
        int deleteAfterMinutes();
    }
}
