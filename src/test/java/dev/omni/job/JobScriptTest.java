package dev.omni.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script that runs a job keeps its promises by itself, with nobody watching. */
class JobScriptTest {
    @TempDir
    Path home;

    private Path directory;

    @BeforeEach
    void aJob() {
        directory = home.resolve(".omni/jobs/1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sh", "bash", "dash", "zsh"})
    void whateverTheSessionsShellIsTheCommandRunsAsGiven(String shell) throws Exception {
        assumeThat(Path.of("/bin", shell)).as("a %s on this machine", shell).exists();
        Ended ended = run(shell, "echo \"it's $A\"; cat; exit 3", 10, Map.of("A", "a'b\n$(c)"));
        assertThat(ended.output()).isEqualTo("it's a'b\n$(c)\n");
        assertThat(ended.exitCode()).isEqualTo(3);
        assertThat(end()).startsWith("exited ");
    }

    @Test
    void theCommandSeesTheEnvironmentAndUmaskOfItsCallerAndNothingOfOurs() throws Exception {
        Map<String, String> env = new TreeMap<>();
        for (String name : List.of("dir", "limit", "cwd", "stdin", "command", "shell", "code", "signalled")) {
            env.put(name, "mine");
        }
        Ended ended =
                run("sh", "umask; env | grep -E '^(" + String.join("|", env.keySet()) + "|_omni.*)=' | sort", 10, env);
        String umask = new String(
                        new ProcessBuilder("sh", "-c", "umask")
                                .start()
                                .getInputStream()
                                .readAllBytes(),
                        StandardCharsets.UTF_8)
                .strip();
        assertThat(ended.output().lines())
                .containsExactlyElementsOf(
                        Stream.concat(Stream.of(umask), env.keySet().stream().map(name -> name + "=mine"))
                                .toList());
    }

    @Test
    void theTimeLimitHoldsWithNobodyWatching() throws Exception {
        Ended ended =
                run("sh", "trap 'echo asked to end' TERM; while :; do sleep 0.1; done & wait; exit 0", 1, Map.of());
        assertThat(ended.output()).contains("asked to end");
        assertThat(ended.exitCode()).isEqualTo(124);
        assertThat(end()).startsWith("timed_out ");
    }

    @Test
    void aJobRunsOnceHoweverOftenItIsAskedTo() throws Exception {
        assertThat(run("sh", "echo ran", 10, Map.of()).output()).isEqualTo("ran\n");
        Ended again = run("sh", "echo ran", 10, Map.of());
        assertThat(again.output()).isEmpty();
        assertThat(again.exitCode()).isEqualTo(125);
        assertThat(end()).startsWith("exited ");
    }

    @Test
    void aJobCancelledBeforeItBeganDoesNotBegin() throws Exception {
        cancel();
        Ended ended = run("sh", "echo ran", 10, Map.of());
        assertThat(ended.output()).isEmpty();
        assertThat(ended.exitCode()).isEqualTo(143);
        assertThat(end()).startsWith("cancelled ");
    }

    @Test
    void aCancelledJobEndsWithAllItsProcesses() throws Exception {
        Process process = start("sh", "sleep 60 & echo $! > " + home.resolve("child") + "; wait", 30, Map.of());
        await().until(() -> Files.exists(home.resolve("child"))
                && !Files.readString(home.resolve("child")).isBlank());
        cancel();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(143);
        assertThat(end()).startsWith("cancelled ");
        long child = Long.parseLong(Files.readString(home.resolve("child")).strip());
        await().until(() ->
                ProcessHandle.of(child).filter(ProcessHandle::isAlive).isEmpty());
    }

    @Test
    void whatIsKeptOfAJobIsForItsUserAlone() throws Exception {
        assertThat(run("sh", "true", 10, Map.of()).exitCode()).isZero();
        assertThat(Files.getPosixFilePermissions(directory)).hasSize(3);
        assertThat(JobHeader.of(Files.readString(directory.resolve("job")))).contains(header(10));
    }

    private record Ended(int exitCode, String output) {}

    private Ended run(String shell, String command, int seconds, Map<String, String> env) throws Exception {
        Process process = start(shell, command, seconds, env);
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return new Ended(process.exitValue(), output);
    }

    private Process start(String shell, String command, int seconds, Map<String, String> env) throws IOException {
        String text = JobScript.run(header(seconds), directory.toString(), command, "", env, new NewJob.Stdin.Closed());
        return new ProcessBuilder(shell, "-c", text)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private void cancel() throws Exception {
        Process process = new ProcessBuilder("sh", "-c", JobScript.cancel(directory.toString())).start();
        assertThat(process.waitFor()).isZero();
    }

    private String end() throws IOException {
        return Files.readString(directory.resolve("end"));
    }

    private static JobHeader header(int seconds) {
        return new JobHeader(JobKind.COMMAND, 1, seconds, false, "");
    }
}
