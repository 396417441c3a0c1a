package dev.omni.report;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import java.util.Optional;

/** Error tracking. */
@ConfigMapping(prefix = "omni.sentry")
public interface ReportConfig {
    /** Where errors are reported. A secret. Without it nothing is reported. */
    Optional<String> dsn();

    /** The environment that reports name. */
    @WithDefault("${omni.sandbox.environment:${quarkus.profile:prod}}")
    String environment();

    /** The release that reports name. */
    @WithDefault("omni@${quarkus.application.version:dev}")
    String release();

    /** The replica that reports name. */
    @WithDefault("${HOSTNAME:local}")
    String serverName();

    /** The share of errors that is reported. */
    @DecimalMin("0.0")
    @DecimalMax("1.0")
    @WithDefault("1.0")
    double sampleRate();

    /**
     * What users' ids are hashed with for reports. A secret, the same on every replica; without it each process makes one
     * up, so that a user has another name in the reports of each.
     */
    Optional<String> salt();
}
