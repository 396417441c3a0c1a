package dev.omni.bench;

import dev.omni.packaged.PackagedApplication;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long a replica takes until it may be sent requests, and what it weighs then. */
final class StartUp {
    private static final String GROUP = "start";
    private static final Pattern STARTED = Pattern.compile("started in ([0-9.]+)s");

    private StartUp() {}

    static void measure(Stack stack, Settings settings, Report report) throws IOException, InterruptedException {
        report.section("Start");
        double[] ready = new double[settings.starts()];
        double[] started = new double[settings.starts()];
        double[] resident = new double[settings.starts()];
        for (int i = 0; i < settings.starts(); i++) {
            long begun = System.nanoTime();
            PackagedApplication application = stack.application();
            awaitReady(stack, application);
            ready[i] = (System.nanoTime() - begun) / 1e6;
            started[i] = started(application);
            Vitals.awaitIdle(application.pid());
            resident[i] = Vitals.resident(application.pid()) / 1048576.0;
            application.terminate();
            application.close();
        }
        report.addRounds(GROUP, "from exec to ready", ready, "ms", null);
        report.addRounds(GROUP, "started, by its own log", started, "ms", null);
        report.addRounds(GROUP, "resident memory, idle", resident, "MiB", null);
    }

    private static void awaitReady(Stack stack, PackagedApplication application) throws InterruptedException {
        while (stack.http().get(application.management("/q/health/ready"), "").status() != 200) {
            Thread.sleep(5);
        }
    }

    private static double started(PackagedApplication application) throws IOException {
        Matcher matcher = STARTED.matcher(application.log());
        if (!matcher.find()) {
            throw new IllegalStateException("the log does not say when it had started");
        }
        return Double.parseDouble(matcher.group(1)) * 1000;
    }
}
