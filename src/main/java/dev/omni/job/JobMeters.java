package dev.omni.job;

import dev.omni.metric.Metric;
import dev.omni.problem.ProblemException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.inject.Singleton;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What is measured of jobs and of reading them. */
@Singleton
class JobMeters {
    /** Why a stream of Daytona's is taken anew. */
    enum Reattach {
        /** It ended, as it also does when the command has. */
        ENDED,
        BROKEN,
        /** It brought nothing for long, and may be stuck. */
        QUIET
    }

    /** Why the rest of an output is not streamed. */
    enum Truncation {
        JOB_LIMIT,
        NO_ROOM
    }

    private enum ExecOutcome {
        SUCCEEDED,
        /** An exit code other than 0. */
        FAILED,
        TIMED_OUT,
        /** It is the caller who can do something about it. */
        REFUSED,
        ERROR,
        /** The caller went away. */
        ABANDONED
    }

    private static final Set<JobStatus> ENDS = EnumSet.complementOf(EnumSet.of(JobStatus.RUNNING));

    private final MeterRegistry registry;
    private final Map<JobKind, Counter> started = new EnumMap<>(JobKind.class);
    private final Map<JobKind, AtomicInteger> running = new EnumMap<>(JobKind.class);
    private final Map<JobKind, Map<JobStatus, Timer>> ended = new EnumMap<>(JobKind.class);
    private final Map<ExecOutcome, Timer> execs = new EnumMap<>(ExecOutcome.class);
    private final Map<Reattach, Counter> reattaches = new EnumMap<>(Reattach.class);
    private final Map<Truncation, Counter> truncations = new EnumMap<>(Truncation.class);
    private final Counter replays;
    private final Counter bytes;
    private final Timer storing;

    JobMeters(MeterRegistry registry) {
        this.registry = registry;
        for (JobKind kind : JobKind.values()) {
            var count = new AtomicInteger();
            Metric.JOBS_RUNNING.gauge(registry, () -> count, kind);
            running.put(kind, count);
            started.put(kind, Metric.JOBS_STARTED.counter(registry, kind));
            Map<JobStatus, Timer> ends = new EnumMap<>(JobStatus.class);
            ENDS.forEach(end -> ends.put(end, Metric.JOB_DURATION.timer(registry, kind, end)));
            ended.put(kind, ends);
        }
        for (ExecOutcome outcome : ExecOutcome.values()) {
            execs.put(outcome, Metric.EXEC_DURATION.timer(registry, outcome));
        }
        for (Reattach cause : Reattach.values()) {
            reattaches.put(cause, Metric.LOG_REATTACHES.counter(registry, cause));
        }
        for (Truncation cause : Truncation.values()) {
            truncations.put(cause, Metric.LOG_TRUNCATIONS.counter(registry, cause));
        }
        this.replays = Metric.REPLAYS.counter(registry, "job");
        this.bytes = Metric.LOG_BYTES.counter(registry);
        this.storing = Metric.LOG_STORING.timer(registry);
    }

    /** Has what is read here looked at when somebody looks. */
    void watch(Map<?, ?> logs, Readers readers, SpoolSpace spools) {
        Metric.LOGS_READ.gauge(registry, logs::size);
        Metric.LOG_READERS.gauge(registry, readers::count);
        Metric.LOG_LAG.gauge(registry, readers::furthestBehind);
        Metric.SPOOL_USED.gauge(registry, spools::taken);
        Metric.SPOOL_LIMIT.gauge(registry, spools::max);
        Metric.SPOOL_WAITING.gauge(registry, spools::waiting);
    }

    void started(JobKind kind) {
        started.get(kind).increment();
    }

    void replayed() {
        replays.increment();
    }

    void running(JobKind kind) {
        running.get(kind).incrementAndGet();
    }

    /** @param begun when it began to run, as {@link System#nanoTime()} told it */
    void ended(JobKind kind, JobEnd end, long begun) {
        running.get(kind).decrementAndGet();
        ended.get(kind).get(end.status()).record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
    }

    /** A command that a caller waited for. Of the result, the failure and the caller's going there is one. */
    void executed(@Nullable ExecResult result, @Nullable Throwable failure, long begun) {
        execs.get(outcome(result, failure)).record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
    }

    void reattached(Reattach cause) {
        reattaches.get(cause).increment();
    }

    void truncated(Truncation cause) {
        truncations.get(cause).increment();
    }

    /** @param arrived when, as {@link System#nanoTime()} told it */
    void stored(int size, long arrived) {
        bytes.increment(size);
        storing.record(System.nanoTime() - arrived, TimeUnit.NANOSECONDS);
    }

    private static ExecOutcome outcome(@Nullable ExecResult result, @Nullable Throwable failure) {
        if (result != null) {
            return result.exitCode() == 0 ? ExecOutcome.SUCCEEDED : ExecOutcome.FAILED;
        }
        return switch (failure) {
            case null -> ExecOutcome.ABANDONED;
            case ProblemException problem ->
                switch (problem.code()) {
                    case EXEC_TIMEOUT -> ExecOutcome.TIMED_OUT;
                    default -> problem.code().status() < 500 ? ExecOutcome.REFUSED : ExecOutcome.ERROR;
                };
            default -> ExecOutcome.ERROR;
        };
    }
}
