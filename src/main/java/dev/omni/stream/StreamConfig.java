package dev.omni.stream;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

/** The live stream: {@code /ws} and the server-sent events of a job. */
@ConfigMapping(prefix = "omni.stream")
public interface StreamConfig {
    /** How often a connection gets a heartbeat and a ping. Clients expect 20 to 30 seconds. */
    @WithDefault("25s")
    @DurationMin(seconds = 1)
    @DurationMax(seconds = 30)
    Duration heartbeatInterval();

    /** How long a connection may give no sign of life (a pong, a message, a write that drains) before it is closed. */
    @WithDefault("60s")
    @DurationMin(seconds = 2)
    Duration pongTimeout();

    /** How long a reader may be behind without a break before {@link #slowReaderMinimum} is asked of it. */
    @WithDefault("5m")
    @DurationMin(seconds = 1)
    Duration slowReaderAfter();

    /** How much a reader that is behind has to take in {@link #slowReaderAfter}, or it is closed. */
    @WithDefault("1M")
    MemorySize slowReaderMinimum();

    /** What the kernel may hold for one connection that is not read as fast as it is written to. */
    @WithDefault("256K")
    MemorySize sendBuffer();

    /** How long a closing handshake may take before the TCP connection is cut: a peer that does not read never answers. */
    @WithDefault("2s")
    @DurationMin(millis = 100)
    Duration closeTimeout();

    /** Over how long the connections are told to go elsewhere at shutdown. Shorter than {@code quarkus.shutdown.delay}. */
    @WithDefault("3s")
    @DurationMin
    Duration drainSpread();

    /** How many connections and event streams one user may have open on one replica. */
    @WithDefault("20")
    @Min(1)
    int maxConnectionsPerUser();

    /**
     * How many connections and event streams one address may have open on one replica: an IPv4 address, or an IPv6 network
     * of 64 bits, which is what one subscriber gets.
     */
    @WithDefault("200")
    @Min(1)
    int maxConnectionsPerAddress();

    /** How many connections and event streams one replica holds. */
    @WithDefault("10000")
    @Min(1)
    int maxConnections();

    /**
     * How many jobs one connection follows at a time. Bounds its memory: each that lags holds some tens of kilobytes, besides
     * what is on its way.
     */
    @WithDefault("64")
    @Min(1)
    @Max(10_000)
    int maxSubscriptions();

    /** How many messages per second a client may send on one connection, on average. */
    @WithDefault("20")
    @Min(1)
    int messagesPerSecond();

    /** How many messages a client may send at once. Leaves room for a client that resumes all its jobs after a reconnect. */
    @WithDefault("128")
    @Min(1)
    int messageBurst();

    /** How many received messages of one connection may wait for their turn. */
    @WithDefault("128")
    @Min(1)
    int maxPendingMessages();

    /** How many characters the waiting messages of one connection may have together. */
    @WithDefault("1048576")
    @Min(65_536)
    int maxPendingCharacters();

    /** How many invalid messages in a row a connection survives, less one. */
    @WithDefault("20")
    @Min(1)
    int maxInvalidMessages();

    /** What replicas tell each other through Redis, where there is one. */
    Announcements announcements();

    /** What replicas tell each other. */
    interface Announcements {
        /**
         * How often a replica checks that it hears itself. Redis counts as away when it does not by the next time, or when
         * a connection to it takes longer than this.
         */
        @WithDefault("3s")
        @DurationMin(millis = 100)
        @DurationMax(seconds = 15)
        Duration heartbeatInterval();

        /** How long a job's start is told again to replicas that may have missed it: the longest outage without a loss. */
        @WithDefault("15M")
        @DurationMin(seconds = 1)
        @DurationMax(hours = 24)
        Duration keepFor();

        /** How many starts are kept for that. The oldest go first. */
        @WithDefault("1000")
        @Min(1)
        @Max(100_000)
        int maxKept();
    }
}
