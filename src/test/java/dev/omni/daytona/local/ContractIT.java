package dev.omni.daytona.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Daytona's official TypeScript SDK takes the local Daytona for a real one. Runs with {@code make contract}. */
class ContractIT {
    private static final Path PROJECT = Path.of("src/test/contract").toAbsolutePath();
    private static final int MAX_MINUTES = 5;

    @Test
    void theOfficialSdkWorksAgainstTheLocalDaytona() throws Exception {
        assertThat(Confinement.onPath("node")).as("node is installed").isNotNull();
        assertThat(Confinement.onPath("npm")).as("npm is installed").isNotNull();
        Run installed = run(Map.of(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
        assertThat(installed.exitCode()).as(installed.output()).isZero();
        Vertx vertx = Vertx.vertx();
        try (LocalDaytona daytona =
                LocalDaytona.start(vertx, new LocalDaytonaOptions().snapshotDelay(Duration.ofMillis(500)))) {
            Run tests = run(
                    Map.of(
                            "DAYTONA_API_URL", daytona.apiUrl().toString(),
                            "DAYTONA_API_KEY", daytona.apiKey()),
                    "node",
                    "--test",
                    "--test-reporter=tap",
                    "contract.test.js");
            System.out.print(tests.output());
            assertThat(tests.exitCode()).as(tests.output()).isZero();
            Matcher passed = Pattern.compile("(?m)^# pass (\\d+)$").matcher(tests.output());
            assertThat(passed.find()).as(tests.output()).isTrue();
            assertThat(Integer.parseInt(passed.group(1))).isGreaterThanOrEqualTo(16);
        } finally {
            vertx.close();
        }
    }

    private record Run(int exitCode, String output) {}

    private static Run run(Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("contract-", ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(PROJECT.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            boolean ended = process.waitFor(MAX_MINUTES, TimeUnit.MINUTES);
            String text = Files.readString(output, StandardCharsets.UTF_8);
            return new Run(ended ? process.exitValue() : -1, text);
        } finally {
            process.destroyForcibly();
            Files.delete(output);
        }
    }
}
