package dev.omni.daytona.local;

import dev.omni.daytona.DaytonaEndpoint;
import io.quarkus.arc.profile.IfBuildProfile;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;

/** In development and tests, Daytona is the local one. */
@ApplicationScoped
@IfBuildProfile(anyOf = {"dev", "test"})
public class LocalEndpoint implements DaytonaEndpoint {
    private final LocalDaytona daytona;

    LocalEndpoint(LocalDaytona daytona) {
        this.daytona = daytona;
    }

    @Override
    public URI apiUrl() {
        return daytona.apiUrl();
    }

    @Override
    public String apiKey() {
        return daytona.apiKey();
    }
}
