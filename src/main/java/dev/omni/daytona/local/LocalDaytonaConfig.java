package dev.omni.daytona.local;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The local Daytona of development and tests. */
@ConfigMapping(prefix = "omni.local-daytona")
public interface LocalDaytonaConfig {
    /** Its port on 127.0.0.1; 0 for a free one. */
    @WithDefault("0")
    @Min(0)
    @Max(65535)
    int port();

    /** Where the sandboxes' directories are made and left. Without it a temporary one, deleted at the end. */
    Optional<Path> directory();

    /** How long a sandbox takes to start. */
    @WithDefault("300ms")
    Duration startDelay();

    /** How long a snapshot stays in each state on its way to active. */
    @WithDefault("1s")
    Duration snapshotDelay();

    /** How often idle sandboxes are looked for; 0 for never. */
    @WithDefault("10s")
    Duration activityCheck();

    /** Whether a new sandbox is started at once, as from Daytona's warm pool. */
    @WithDefault("false")
    boolean warmPool();

    /** Whether commands run inside bubblewrap where it works. Without it they can write to this machine's files. */
    @WithDefault("true")
    boolean bubblewrap();

    /** Whether sandboxes have a stand-in for the claude command where this machine has no real one. */
    @WithDefault("true")
    boolean standInClaude();
}
