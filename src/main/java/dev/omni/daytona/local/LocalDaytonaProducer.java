package dev.omni.daytona.local;

import io.quarkus.arc.profile.IfBuildProfile;
import io.vertx.core.Vertx;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Starts the one local Daytona of the application when somebody first needs it. */
@Singleton
@IfBuildProfile(anyOf = {"dev", "test"})
class LocalDaytonaProducer {
    @Produces
    @Singleton
    LocalDaytona start(Vertx vertx, LocalDaytonaConfig config) {
        LocalDaytonaOptions options = new LocalDaytonaOptions()
                .port(config.port())
                .startDelay(config.startDelay())
                .snapshotDelay(config.snapshotDelay())
                .activityCheck(config.activityCheck())
                .warmPool(config.warmPool())
                .bubblewrap(config.bubblewrap())
                .standInClaude(config.standInClaude());
        config.directory().ifPresent(options::directory);
        return LocalDaytona.start(vertx, options);
    }

    void close(@Disposes LocalDaytona daytona) {
        daytona.close();
    }
}
