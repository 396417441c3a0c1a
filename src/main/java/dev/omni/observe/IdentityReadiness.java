package dev.omni.observe;

import dev.omni.identity.TokenRules;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** A service that believes no token has nobody to serve. */
@Readiness
@Singleton
class IdentityReadiness implements HealthCheck {
    private final TokenRules rules;

    IdentityReadiness(TokenRules rules) {
        this.rules = rules;
    }

    @Override
    public HealthCheckResponse call() {
        return rules.missing().isEmpty()
                ? HealthCheckResponse.up("identity")
                : HealthCheckResponse.named("identity")
                        .down()
                        .withData("reason", "identity_not_configured")
                        .withData("missing", String.join(", ", rules.missing()))
                        .build();
    }
}
