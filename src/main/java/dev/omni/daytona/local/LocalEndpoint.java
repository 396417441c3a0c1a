package dev.omni.daytona.local;

import dev.omni.daytona.DaytonaEndpoint;
import io.quarkus.arc.profile.IfBuildProfile;
import io.vertx.core.Vertx;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.net.URI;

@Singleton
@IfBuildProfile(anyOf = {"dev", "test"})
class LocalEndpoint implements DaytonaEndpoint {
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

    @Singleton
    @IfBuildProfile(anyOf = {"dev", "test"})
    static class Start {
        @Produces
        @Singleton
        LocalDaytona start(Vertx vertx) {
            return LocalDaytona.start(vertx, new LocalDaytonaOptions());
        }

        void stop(@Disposes LocalDaytona daytona) {
            daytona.close();
        }
    }
}
