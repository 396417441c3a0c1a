package dev.omni.observe;

import dev.omni.daytona.Daytona;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready means configured. Whether Daytona answers is not asked: an outage of it must not take every replica away. */
@Readiness
@Singleton
class DaytonaReadiness implements HealthCheck {
    private final Daytona daytona;

    DaytonaReadiness(Daytona daytona) {
        this.daytona = daytona;
    }

    @Override
    public HealthCheckResponse call() {
        return daytona.isConfigured()
                ? HealthCheckResponse.up("daytona")
                : HealthCheckResponse.named("daytona")
                        .down()
                        .withData("reason", "daytona_not_configured")
                        .build();
    }
}
