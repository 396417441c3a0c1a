package dev.omni.daytona;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
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

    /** Largest log that is read over HTTP; reading fails where it is longer. */
    @WithDefault("1G")
    MemorySize maxLogSize();

    /** How long calls may take. */
    Timeouts timeouts();

    /** The live log streams. */
    Follow follow();

    /** How many calls may be on their way at once. Each has a connection, so these are the sizes of the pools as well. */
    Bulkheads bulkhead();

    /** When calls are no longer made because they fail. */
    Circuit circuit();

    /** How Daytona's rate limits are respected. */
    Governor governor();

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

    /** How many calls may be on their way at once, by what they do. */
    interface Bulkheads {
        /** Creating and starting sandboxes, which Daytona holds until they have started. */
        @Min(1)
        @WithDefault("50")
        int starts();

        /** Other changes of sandboxes. */
        @Min(1)
        @WithDefault("20")
        int changes();

        /** Reading sandboxes. */
        @Min(1)
        @WithDefault("20")
        int reads();

        /** Looking whether a sandbox has got where it is on its way to. */
        @Min(1)
        @WithDefault("10")
        int polls();

        /** Starting jobs and whatever else changes something in a sandbox. */
        @Min(1)
        @WithDefault("60")
        int toolboxChanges();

        /** Short reads from sandboxes, among them the looks at running jobs. */
        @Min(1)
        @WithDefault("40")
        int toolboxReads();

        /** Reading the logs of jobs that end, and files. */
        @Min(1)
        @WithDefault("50")
        int downloads();

        /** Logs that clients read, at their pace. */
        @Min(1)
        @WithDefault("50")
        int outputs();

        /** Of each of the last four, the most for the sandboxes of one user: what is stuck must not hold up others. */
        @Min(1)
        @WithDefault("10")
        int perUser();

        /** Calls of each kind that may wait for their turn; more fail at once as unavailable. */
        @Min(1)
        @WithDefault("200")
        int maxWaiting();

        /** The longest wait for a turn. */
        @WithDefault("5s")
        Duration patience();
    }

    /** When calls are no longer made because they fail. */
    interface Circuit {
        /** How many of the last calls of a kind are looked at. */
        @Min(1)
        @WithDefault("20")
        int window();

        /** The share of them that must have failed. */
        @DecimalMin("0.01")
        @DecimalMax("1")
        @WithDefault("0.5")
        double failureRatio();

        /** How long none is made; then one tries whether Daytona works again. */
        @WithDefault("10s")
        Duration openFor();
    }

    /** How Daytona's rate limits are respected. */
    interface Governor {
        /** The share of a limit that reads leave to creates and changes. */
        @DecimalMin("0")
        @DecimalMax("0.9")
        @WithDefault("0.05")
        double readReserve();

        /** The share of a limit that looks at what will be looked at again leave to all others. */
        @DecimalMin("0")
        @DecimalMax("0.9")
        @WithDefault("0.2")
        double pollReserve();

        /** The longest that a call waits for Daytona to take more; one that would have to wait longer fails at once. */
        @WithDefault("3s")
        Duration patience();

        /** The same for looks at what will be looked at again; those wait as long as this in any case. */
        @WithDefault("15s")
        Duration pollPatience();

        /** Calls of each priority that may wait; more fail at once. */
        @Min(1)
        @WithDefault("1000")
        int maxWaiting();
    }
}
