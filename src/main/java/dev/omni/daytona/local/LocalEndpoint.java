package dev.omni.daytona.local;

import dev.omni.daytona.DaytonaEndpoint;
import io.quarkus.arc.profile.IfBuildProfile;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import java.net.URI;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** In development and tests, Daytona is the local one, unless another is configured. */
@ApplicationScoped
@IfBuildProfile(anyOf = {"dev", "test"})
public class LocalEndpoint implements DaytonaEndpoint {
    private static final Logger LOG = Logger.getLogger(LocalEndpoint.class);

    private final Instance<LocalDaytona> daytona;

    LocalEndpoint(Instance<LocalDaytona> daytona) {
        this.daytona = daytona;
    }

    /** Starting takes a moment and blocks, so it cannot wait for the first call, which comes on an event loop. */
    void start(
            @Observes StartupEvent event,
            @ConfigProperty(name = "omni.daytona.api-url") Optional<String> url,
            @ConfigProperty(name = "omni.daytona.api-key") Optional<String> key) {
        if (url.isEmpty() || key.isEmpty()) {
            LOG.debugf("Daytona is %s", daytona.get().apiUrl());
        }
    }

    @Override
    public URI apiUrl() {
        return daytona.get().apiUrl();
    }

    @Override
    public String apiKey() {
        return daytona.get().apiKey();
    }
}
