package dev.omni.bench;

import dev.omni.packaged.PackagedApplication;
import java.nio.file.Files;

/** Measures the packaged application against the local Daytona; see docs/performance.md. */
final class Bench {
    private Bench() {}

    public static void main(String[] args) throws Exception {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> ProcessHandle.current().children().forEach(ProcessHandle::destroy), "end the children"));
        // Here, as the servers may be told to write recordings to it.
        Files.createDirectories(Report.DIRECTORY);
        Settings settings = Settings.of(System.getenv());
        Report report = new Report(Vitals.machine(), settings);
        try (Stack stack = new Stack(settings)) {
            if (settings.measures("start")) {
                StartUp.measure(stack, settings, report);
            }
            load(stack, settings, report);
            if (settings.measures("memory")) {
                ConnectionMemory.measure(stack, settings, report);
            }
        }
        if (settings.measures("decoder")) {
            DecoderSpeed.measure(settings, report);
        }
        report.write();
    }

    /** All that is done to one application, one after the other: it is warm, and at the end has seen some work. */
    private static void load(Stack stack, Settings settings, Report report) throws Exception {
        if (!settings.measures("rest") && !settings.measures("latency") && !settings.measures("fanout")) {
            return;
        }
        PackagedApplication application = stack.application();
        try {
            if (settings.measures("rest")) {
                RestOverhead.measure(stack, application, settings, report);
            }
            if (settings.measures("latency")) {
                StreamLatency.measure(stack, application, settings, report);
            }
            if (settings.measures("fanout")) {
                FanOut.measure(stack, application, settings, report);
            }
            Vitals.awaitIdle(application.pid());
            report.add("after the load", "resident memory", Vitals.resident(application.pid()) / 1048576.0, "MiB");
        } finally {
            application.terminate();
            application.close();
        }
    }
}
