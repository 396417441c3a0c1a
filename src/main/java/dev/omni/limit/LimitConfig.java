package dev.omni.limit;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

/**
 * How much callers may ask for. A rate is written {@code 30/1M}: thirty at once, and thirty a minute. An address is an IPv4
 * address or an IPv6 network of 64 bits; many users may share one, so its rates are a multiple of a user's.
 */
@ConfigMapping(prefix = "omni.limit")
public interface LimitConfig {
    /** Requests from one address that are nobody's, such as those with a bad token, per replica. */
    @WithDefault("600/1M")
    Rate edge();

    /** Calls of one user. */
    @WithDefault("300/15S")
    Rate general();

    /** Calls that make a sandbox. */
    Create create();

    /** Calls that run something. */
    Run run();

    /** Handshakes of {@code /ws}. */
    Upgrade upgrade();

    /** Most at a time. */
    Quotas quota();

    /** The limits' part of Redis, where there is one. */
    Shared shared();

    /** Calls that make a sandbox. */
    interface Create {
        @WithDefault("20/1M")
        Rate user();

        @WithDefault("200/1M")
        Rate address();
    }

    /** Calls that run something. */
    interface Run {
        @WithDefault("120/1M")
        Rate user();

        @WithDefault("1200/1M")
        Rate address();
    }

    /** Handshakes of {@code /ws}. */
    interface Upgrade {
        @WithDefault("60/1M")
        Rate user();

        @WithDefault("600/1M")
        Rate address();
    }

    /** Most at a time. */
    interface Quotas {
        /** Sandboxes of one user, the default one included. */
        @WithDefault("10")
        @Min(1)
        @Max(100)
        int sandboxes();

        /** Jobs of one user that run at a time, commands that somebody waits for included. */
        @WithDefault("20")
        @Min(1)
        @Max(10_000)
        int jobsPerUser();

        /** The same of one sandbox. */
        @WithDefault("10")
        @Min(1)
        @Max(10_000)
        int jobsPerSandbox();
    }

    /** The limits' part of Redis, where there is one. */
    interface Shared {
        /** How long a call may wait for Redis before this replica's own count must do. */
        @WithDefault("250MS")
        @DurationMin(millis = 10)
        @DurationMax(seconds = 1)
        Duration timeout();

        /** How long what a replica holds outlives it; the replica renews it three times in that time. */
        @WithDefault("90S")
        @DurationMin(seconds = 1)
        @DurationMax(hours = 1)
        Duration leaseTime();

        /** How often a Redis that does not answer is tried again; no call waits for that. */
        @WithDefault("5S")
        @DurationMin(millis = 100)
        @DurationMax(minutes = 1)
        Duration retryInterval();
    }
}
