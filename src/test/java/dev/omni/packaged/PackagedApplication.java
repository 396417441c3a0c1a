package dev.omni.packaged;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The application as it is shipped: a process of its own, with nothing in its environment but what a test puts there. */
public final class PackagedApplication implements AutoCloseable {
    private static final Path JAR = Path.of("target/quarkus-app/quarkus-run.jar");
    private static final Duration START = Duration.ofSeconds(60);

    /** All that tests ask for comes from one address; those of the limits set their own. */
    private static final Map<String, String> NO_LIMITS = Map.ofEntries(
            Map.entry("OMNI_LIMIT_EDGE", "1000000/1S"),
            Map.entry("OMNI_LIMIT_GENERAL", "1000000/1S"),
            Map.entry("OMNI_LIMIT_CREATE_USER", "1000000/1S"),
            Map.entry("OMNI_LIMIT_CREATE_ADDRESS", "1000000/1S"),
            Map.entry("OMNI_LIMIT_RUN_USER", "1000000/1S"),
            Map.entry("OMNI_LIMIT_RUN_ADDRESS", "1000000/1S"),
            Map.entry("OMNI_LIMIT_UPGRADE_USER", "1000000/1S"),
            Map.entry("OMNI_LIMIT_UPGRADE_ADDRESS", "1000000/1S"),
            Map.entry("OMNI_LIMIT_QUOTA_SANDBOXES", "100"),
            Map.entry("OMNI_LIMIT_QUOTA_JOBS_PER_USER", "1000"),
            Map.entry("OMNI_LIMIT_QUOTA_JOBS_PER_SANDBOX", "1000"));

    private final Process process;
    private final Path log;
    private final int port;
    private final int managementPort;

    private PackagedApplication(Process process, Path log, int port, int managementPort) {
        this.process = process;
        this.log = log;
        this.port = port;
        this.managementPort = managementPort;
    }

    /** How a run that was not to last ended. */
    public record Ended(int exitCode, String output) {}

    /** Runs it in the production profile until it ends by itself, on ports that are taken. */
    public static Ended run(Map<String, String> settings, String... arguments) throws Exception {
        Path log = Files.createTempFile("omni", ".log");
        try (ServerSocket taken = new ServerSocket(0);
                ServerSocket takenToo = new ServerSocket(0)) {
            Process process = process(settings, log, taken.getLocalPort(), takenToo.getLocalPort(), List.of(arguments));
            if (!process.waitFor(START.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("the application does not end: " + Files.readString(log));
            }
            return new Ended(process.exitValue(), Files.readString(log));
        } finally {
            Files.delete(log);
        }
    }

    private static Process process(
            Map<String, String> settings, Path log, int port, int managementPort, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", JAR.toString()));
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().keySet().removeIf(name -> !name.equals("PATH") && !name.equals("HOME"));
        builder.environment().put("QUARKUS_PROFILE", "prod");
        builder.environment().put("QUARKUS_HTTP_PORT", Integer.toString(port));
        builder.environment().put("QUARKUS_MANAGEMENT_PORT", Integer.toString(managementPort));
        builder.environment().putAll(NO_LIMITS);
        builder.environment().putAll(settings);
        return builder.start();
    }

    /** Starts it in the production profile; returns when it is alive. */
    public static PackagedApplication start(Map<String, String> settings) throws IOException {
        int port = freePort();
        int managementPort = freePort();
        Path log = Files.createTempFile("omni", ".log");
        PackagedApplication application = new PackagedApplication(
                process(settings, log, port, managementPort, List.of()), log, port, managementPort);
        await().atMost(START)
                .alias("the application is alive")
                .failFast("the application has ended, see " + log, () -> !application.process.isAlive())
                .ignoreExceptions()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> application.status(application.management("/q/health/live")) == 200);
        return application;
    }

    public String url(String path) {
        return "http://localhost:" + port + path;
    }

    public String management(String path) {
        return "http://localhost:" + managementPort + path;
    }

    public long pid() {
        return process.pid();
    }

    /** What it has logged so far. */
    public String log() throws IOException {
        return Files.readString(log);
    }

    /** Asks it to end, as an orchestrator does, and waits for it. */
    public int terminate() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("the application does not end");
        }
        return process.exitValue();
    }

    /** Ends it without a chance to do anything about it, and waits until it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        Files.deleteIfExists(log);
    }

    private int status(String url) throws IOException {
        return ((HttpURLConnection) URI.create(url).toURL().openConnection()).getResponseCode();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
