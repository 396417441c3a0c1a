package dev.omni.bench;

import dev.omni.bench.Report.Target;
import java.util.Collection;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** How fast one core makes events of a raw log: what JMH says of {@code DecoderBenchmark}. */
final class DecoderSpeed {
    /** Bytes per call. */
    private static final String ALLOCATED = "gc.alloc.rate.norm";

    private DecoderSpeed() {}

    static void measure(Settings settings, Report report) throws RunnerException {
        report.section("Decoder");
        TimeValue second = TimeValue.milliseconds(settings.quick() ? 200 : 1000);
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("dev\\.omni\\.job\\.DecoderBenchmark")
                .forks(1)
                .warmupIterations(settings.quick() ? 1 : 4)
                .warmupTime(second)
                .measurementIterations(settings.rounds())
                .measurementTime(second)
                .addProfiler(GCProfiler.class)
                .verbosity(VerboseMode.SILENT);
        Collection<RunResult> results = new Runner(options.build()).run();
        for (RunResult result : results) {
            String log = result.getParams().getParam("log");
            double bytes = Double.parseDouble(result.getParams().getParam("bytes"));
            double[] speed = result.getBenchmarkResults().stream()
                    .flatMap(fork -> fork.getIterationResults().stream())
                    .mapToDouble(iteration -> iteration.getPrimaryResult().getScore() * bytes / 1e6)
                    .toArray();
            Target target = log.equals("LINES") ? Target.atLeast(500) : null;
            report.addRounds("decoder, " + log, "speed", speed, "MB/s", target);
            @Nullable Result<?> allocated = result.getSecondaryResults().get(ALLOCATED);
            if (allocated == null) {
                throw new IllegalStateException("the profiler does not tell of " + ALLOCATED);
            }
            report.add("decoder, " + log, "allocated per byte", allocated.getScore() / bytes, "bytes");
        }
    }
}
