package dev.omni.job;

import dev.omni.metric.Metric;
import dev.omni.metric.PerConstant;
import dev.omni.problem.ProblemException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.inject.Singleton;
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
    private final PerConstant<JobKind, Counter> started;
    private final PerConstant<JobKind, AtomicInteger> running;
    private final PerConstant<JobKind, PerConstant<JobStatus, Timer>> ended;
    private final PerConstant<ExecOutcome, Timer> execs;
    private final PerConstant<Reattach, Counter> reattaches;
    private final PerConstant<Truncation, Counter> truncations;
    private final Counter replays;
    private final Counter bytes;
    private final Timer storing;

    JobMeters(MeterRegistry registry) {
        Set<JobKind> kinds = EnumSet.allOf(JobKind.class);
        this.registry = registry;
        this.started = new PerConstant<>(kinds, kind -> Metric.JOBS_STARTED.counter(registry, kind));
        this.running = new PerConstant<>(kinds, kind -> {
            var count = new AtomicInteger();
            Metric.JOBS_RUNNING.gauge(registry, () -> count, kind);
            return count;
        });
        this.ended = new PerConstant<>(
                kinds, kind -> new PerConstant<>(ENDS, end -> Metric.JOB_DURATION.timer(registry, kind, end)));
        this.execs = new PerConstant<>(
                EnumSet.allOf(ExecOutcome.class), outcome -> Metric.EXEC_DURATION.timer(registry, outcome));
        this.reattaches = new PerConstant<>(
                EnumSet.allOf(Reattach.class), cause -> Metric.LOG_REATTACHES.counter(registry, cause));
        this.truncations = new PerConstant<>(
                EnumSet.allOf(Truncation.class), cause -> Metric.LOG_TRUNCATIONS.counter(registry, cause));
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
        started.of(kind).increment();
    }

    void replayed() {
        replays.increment();
    }

    void running(JobKind kind) {
        running.of(kind).incrementAndGet();
    }

    /** @param begun when it began to run, as {@link System#nanoTime()} told it */
    void ended(JobKind kind, JobEnd end, long begun) {
        running.of(kind).decrementAndGet();
        ended.of(kind).of(end.status()).record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
    }

    /** A command that a caller waited for. Of the result, the failure and the caller's going there is one. */
    void executed(@Nullable ExecResult result, @Nullable Throwable failure, long begun) {
        execs.of(outcome(result, failure)).record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
    }

    void reattached(Reattach cause) {
        reattaches.of(cause).increment();
    }

    void truncated(Truncation cause) {
        truncations.of(cause).increment();
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
