package dev.omni.edge;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMin;

/** How long a client may take to say what it wants. */
@ConfigMapping(prefix = "omni.http")
interface EdgeConfig {
    /** From a connection's beginning, or a later request's first bytes, to the end of that request's headers. */
    @WithDefault("10s")
    @DurationMin(millis = 100)
    Duration headTimeout();

    /** From the end of the headers to the end of the body; longer for a body that comes in at the minimum rate. */
    @WithDefault("20s")
    @DurationMin(millis = 100)
    Duration bodyTimeout();

    /** How much of a body must come in each second for it to be waited for beyond its timeout. */
    @WithDefault("4K")
    MemorySize bodyMinimumRate();
}
