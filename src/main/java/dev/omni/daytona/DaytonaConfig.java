package dev.omni.daytona;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** How Daytona is reached. Public only because the validation of the configuration must read it. */
@ConfigMapping(prefix = "omni.daytona")
public interface DaytonaConfig {
    String API_KEY = "omni.daytona.api-key";

    /** Address of the control plane, with its path. Without it or without the key nothing that needs Daytona works. */
    Optional<URI> apiUrl();

    /** API key. A secret: outside development only its file is looked at, and again whenever that changes. */
    Optional<String> apiKey();

    /** The organisation that the key is for. Daytona is told it with every call. */
    Optional<String> organizationId();

    /** What Daytona's audit log and metrics call this service. */
    @NotBlank
    @WithDefault("omni")
    String source();

    /** The client version that Daytona is told. It decides the shape of its answers: change it only with the code. */
    @NotBlank
    @WithDefault("0.190.0")
    String version();

    /** The User-Agent header. */
    @NotBlank
    @WithDefault("omni/${quarkus.application.version:dev}")
    String userAgent();

    /** Hosts, beside the API's own and its subdomains, to which the key may be sent when a sandbox names them. */
    Optional<Set<String>> toolboxHosts();

    /** Connections per host of each of the three HTTP clients: control plane, toolbox, downloads. */
    @Min(1)
    @WithDefault("50")
    int poolSize();

    /** Calls that may wait for a connection of a full pool; more fail at once as unavailable. */
    @Min(1)
    @WithDefault("200")
    int maxWaiting();

    /** Largest log that is read over HTTP; reading fails where it is longer. */
    @WithDefault("1G")
    MemorySize maxLogSize();

    /** How long calls may take. */
    Timeouts timeouts();

    /** The live log streams. */
    Follow follow();

    /** How long calls may take. */
    interface Timeouts {
        /** To establish a connection, TLS included. */
        @WithDefault("5s")
        Duration connect();

        /** One try of a short control plane call. */
        @WithDefault("10s")
        Duration call();

        /** A call that is retried, all its tries and the pauses between them together. */
        @WithDefault("20s")
        Duration total();

        /** Creating or starting a sandbox, which Daytona itself holds for up to 30 s. */
        @WithDefault("45s")
        Duration start();

        /**
         * One try of a short toolbox call, and the longest silence while a log is read. Deleting a session takes Daytona up
         * to 5 s.
         */
        @WithDefault("15s")
        Duration toolbox();

        /** Writing one small file. */
        @WithDefault("60s")
        Duration transfer();
    }

    /** The live log streams. */
    interface Follow {
        /** To connect and upgrade. */
        @WithDefault("10s")
        Duration handshake();

        /** Between two pings. Daytona sends none, and what stands between may cut silent connections. */
        @WithDefault("20s")
        Duration pingInterval();

        /** After a ping, the longest silence before the connection counts as dead. */
        @WithDefault("10s")
        Duration pongTimeout();

        /** Streams open at the same time per host; the next one waits for its turn until its handshake times out. */
        @Min(1)
        @WithDefault("2000")
        int maxConnections();
    }
}
