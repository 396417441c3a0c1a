package dev.omni.audit;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Min;

/** The audit trail. */
@ConfigMapping(prefix = "omni.audit")
public interface AuditConfig {
    /** What this replica calls itself. */
    @WithDefault("${HOSTNAME:local}")
    String replica();

    /** Lines that may wait for the console to take them. Beyond that they are lost, counted, and the loss is told. */
    @Min(100)
    @WithDefault("10000")
    int maxWaiting();
}
