package dev.omni.job;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.hibernate.validator.constraints.time.DurationMin;

/** How jobs run and how their output is read. */
@ConfigMapping(prefix = "omni.job")
public interface JobConfig {
    /** How long a command may run when the request does not say. */
    @WithDefault("1H")
    Duration defaultTimeout();

    /** The longest time limit that a request may ask for. */
    @WithDefault("24H")
    Duration maxTimeout();

    /** Finished jobs kept per sandbox, with their output; the oldest go first. */
    @WithDefault("50")
    @Min(1)
    @Max(1000)
    int keep();

    /**
     * How often a running command's record is looked at, and more often in its first half second. The end of a job is seen
     * about this long after it, at the most.
     */
    @WithDefault("150MS")
    Duration pollInterval();

    /** The most looks at records per second, of all running jobs together: with more jobs each is looked at less often. */
    @WithDefault("1000")
    @Min(1)
    int maxPollsPerSecond();

    /**
     * How long a live stream may bring nothing before another takes its place, in case it is stuck. Where that brings
     * nothing either it is twice as long, up to a minute.
     */
    @WithDefault("5S")
    @DurationMin(millis = 100)
    Duration quietAfter();

    /** How long Daytona may stay out of reach before the end of a followed job counts as unknown. */
    @WithDefault("15M")
    Duration giveUpAfter();

    /** The most that {@code exec} returns of each of stdout and stderr. */
    @WithDefault("1M")
    MemorySize execOutputLimit();

    Spool spool();

    Prompt prompt();

    /** The local copy of the logs that this replica is reading. It may be lost at any time. */
    interface Spool {
        /** Where it lies; a directory of its own below the temporary one by default. */
        Optional<String> directory();

        /** The most that is kept of one job. What a job prints beyond it is not streamed, and a message says so. */
        @WithDefault("256M")
        MemorySize maxPerJob();

        /**
         * The most that all copies take together, and four times what those of one user may. No less than of one job. Where
         * it is not enough, output waits in Daytona until copies of ended jobs are gone.
         */
        @WithDefault("8G")
        MemorySize maxTotal();

        /** How long output waits so; then no more of that job is streamed, and a message says so. */
        @WithDefault("30S")
        @DurationMin(millis = 1)
        Duration maxWait();

        /** How long an ended job's copy outlives its last reader. */
        @WithDefault("30S")
        Duration keepFor();

        /** The most jobs read at once. */
        @WithDefault("2000")
        @Min(1)
        int maxJobs();
    }

    /** How Claude Code is run. */
    interface Prompt {
        /** The program's name or path in the sandbox. */
        @WithDefault("claude")
        @NotBlank
        String cli();

        /** Flags for every run, behind those that headless streaming needs. */
        Optional<List<String>> flags();

        /** The workspace: absolute, or relative to the home directory, which is used when there is none. */
        @WithDefault("workspace")
        @NotBlank
        String workspace();

        /** How long a prompt may run when the request does not say. */
        @WithDefault("30M")
        Duration defaultTimeout();
    }
}
