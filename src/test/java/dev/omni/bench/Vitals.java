package dev.omni.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What Linux and the JVM tell of a process. */
final class Vitals {
    /** Of {@code /proc/pid/stat}, on every Linux of today. */
    private static final int TICKS_PER_SECOND = 100;

    private static final Duration IDLE = Duration.ofMillis(500);

    private Vitals() {}

    /**
     * What a process holds when its garbage is gone.
     *
     * @param heap bytes of live objects
     * @param resident bytes of memory in use
     */
    record Memory(long heap, long resident) {}

    /** Collects garbage and counts what is left. The histogram of classes is kept under a name for whoever wonders. */
    static Memory memory(long pid, String name) throws IOException, InterruptedException {
        // The histogram collects too; a second time, for what the first one's references set free.
        jcmd(pid, "GC.run");
        String histogram = jcmd(pid, "GC.class_histogram");
        Files.writeString(Report.DIRECTORY.resolve("histogram-" + name + ".txt"), histogram);
        String total = histogram
                .lines()
                .filter(line -> line.startsWith("Total"))
                .findFirst()
                .orElseThrow();
        return new Memory(Long.parseLong(total.trim().split("\\s+", -1)[2]), resident(pid));
    }

    static long resident(long pid) throws IOException {
        return kilobytes(Path.of("/proc/" + pid + "/status"), "VmRSS") << 10;
    }

    /** Processor time that a process has used so far, in seconds. */
    static double cpuSeconds(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        // The second field is the program's name, which may hold anything.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / (double) TICKS_PER_SECOND;
    }

    /** Returns when a process has done next to nothing for a while. */
    static void awaitIdle(long pid) throws IOException, InterruptedException {
        double before;
        double now = cpuSeconds(pid);
        do {
            before = now;
            Thread.sleep(IDLE);
            now = cpuSeconds(pid);
        } while (now - before > 0.05);
    }

    /** How many files this process, and so one that it starts, may have open. */
    static int maxOpenFiles() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/limits"))) {
            String limit = lines.filter(line -> line.startsWith("Max open files"))
                    .findFirst()
                    .orElseThrow()
                    .split("\\s{2,}", -1)[1];
            return limit.equals("unlimited") ? Integer.MAX_VALUE : Integer.parseInt(limit);
        }
    }

    /** Where this was measured. */
    static Map<String, Object> machine() throws IOException, InterruptedException {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("date", Instant.now().toString());
        facts.put("commit", run("git", "describe", "--always", "--dirty").trim());
        facts.put("cores", Runtime.getRuntime().availableProcessors());
        facts.put("processor", processor());
        facts.put("memoryMiB", kilobytes(Path.of("/proc/meminfo"), "MemTotal") >> 10);
        facts.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("jdk", System.getProperty("java.vendor") + " " + System.getProperty("java.runtime.version"));
        facts.put("loadBefore", Files.readString(Path.of("/proc/loadavg")).split(" ", -1)[0]);
        return facts;
    }

    private static String processor() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 2))
                    .findFirst()
                    .orElse("unknown");
        }
    }

    private static long kilobytes(Path file, String field) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(field + ":"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static String jcmd(long pid, String command) throws IOException, InterruptedException {
        return run(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid), command);
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException(String.join(" ", command) + ": " + output);
        }
        return output;
    }
}
