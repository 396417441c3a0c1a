package dev.omni.secret;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.observe.LogLines;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretsTest {
    private static final String NAME = "omni.daytona.api-key";

    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();
    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final LogLines log = new LogLines("dev.omni.secret");

    @AfterEach
    void close() {
        log.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void aFileIsTheSecretOfItsName() throws IOException {
        write(NAME, "one\n");
        write("quarkus.redis.password", " with spaces \n\n");

        Secrets secrets = secrets();

        assertThat(secrets.get(NAME)).contains("one");
        assertThat(secrets.get("quarkus.redis.password")).contains(" with spaces \n");
        assertThat(secrets.get("another")).isEmpty();
        assertThat(secrets.under("omni.daytona.")).containsExactly(Map.entry("api-key", "one"));
    }

    @Test
    void aChangeIsFollowedInTheBackground() throws IOException {
        write(NAME, "one");
        Secrets secrets = secrets(Duration.ofMillis(20));
        assertThat(secrets.get(NAME)).contains("one");

        write(NAME, "two");

        await().until(() -> secrets.get(NAME).equals(Optional.of("two")));
        await().until(() -> count(NAME, "loaded") == 2);
    }

    @Test
    void aChangeCountsOnceTwoLooksHaveFoundTheSame() throws IOException {
        write(NAME, "one");
        Secrets secrets = secrets();

        write(NAME, "tw");
        secrets.check();
        assertThat(secrets.get(NAME)).contains("one");
        write(NAME, "two");
        secrets.check();
        assertThat(secrets.get(NAME)).contains("one");
        secrets.check();
        assertThat(secrets.get(NAME)).contains("two");
        assertThat(count(NAME, "loaded")).isEqualTo(2);
    }

    @Test
    void anAtomicRenameIsAChange() throws IOException {
        write(NAME, "one");
        Secrets secrets = secrets();

        Files.move(write(".next", "two"), directory.resolve(NAME), StandardCopyOption.ATOMIC_MOVE);

        checkTwice(secrets);
        assertThat(secrets.get(NAME)).contains("two");
    }

    @Test
    void allFilesChangeAtOnceWhenTheDirectoryBehindThemIsSwapped() throws IOException {
        generation("..first", "one", "pw-one");
        Files.createSymbolicLink(directory.resolve("..data"), Path.of("..first"));
        Files.createSymbolicLink(directory.resolve(NAME), Path.of("..data", NAME));
        Files.createSymbolicLink(directory.resolve("password"), Path.of("..data", "password"));
        Secrets secrets = secrets();
        assertThat(secrets.get(NAME)).contains("one");

        generation("..second", "two", "pw-two");
        Path link = Files.createSymbolicLink(directory.resolve("..data_tmp"), Path.of("..second"));
        Files.move(link, directory.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
        Files.delete(directory.resolve("..first").resolve(NAME));

        checkTwice(secrets);
        assertThat(secrets.get(NAME)).contains("two");
        assertThat(secrets.get("password")).contains("pw-two");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "  \n", "nul\0"})
    void aFileThatHoldsNoSecretLeavesTheLastGoodOne(String content) throws IOException {
        write(NAME, "one");
        Secrets secrets = secrets();

        write(NAME, content);

        checkTwice(secrets);
        checkTwice(secrets);
        assertThat(secrets.get(NAME)).contains("one");
        assertThat(count(NAME, "failed")).isEqualTo(1);
        assertThat(log.lines())
                .filteredOn(line -> line.message().contains("last good"))
                .hasSize(1);
    }

    @Test
    void aFileThatIsTooLargeOrNoTextLeavesTheLastGoodOne() throws IOException {
        write(NAME, "one");
        Secrets secrets = secrets();

        write(NAME, "x".repeat(SecretDirectory.MAX_BYTES + 1));
        checkTwice(secrets);
        assertThat(secrets.get(NAME)).contains("one");
        Files.write(directory.resolve(NAME), new byte[] {'a', (byte) 0xff});
        checkTwice(secrets);
        assertThat(secrets.get(NAME)).contains("one");
        assertThat(count(NAME, "failed")).isEqualTo(2);

        write(NAME, "two");
        checkTwice(secrets);
        assertThat(secrets.get(NAME)).contains("two");
    }

    @Test
    void aRemovedFileIsARemovedSecret() throws IOException {
        write(NAME, "one");
        Secrets secrets = secrets();

        Files.delete(directory.resolve(NAME));
        secrets.check();
        assertThat(secrets.get(NAME)).contains("one");
        secrets.check();
        assertThat(secrets.get(NAME)).isEmpty();
        assertThat(count(NAME, "removed")).isEqualTo(1);
    }

    @Test
    void whatARemovedFileHeldLastIsRememberedAndKeptOutOfTheLog() throws IOException {
        write(NAME, "one");
        Secrets secrets = secrets();
        write(NAME, "two");
        checkTwice(secrets);

        Files.delete(directory.resolve(NAME));
        checkTwice(secrets);

        assertThat(secrets.lastOf(NAME)).contains("two");
        assertThat(secrets.all()).containsExactly("two");
        write(NAME, "three");
        checkTwice(secrets);
        assertThat(secrets.lastOf(NAME)).contains("three");
        assertThat(secrets.lastOf("another")).isEmpty();
    }

    @Test
    void aDirectoryThatIsGoneForAWhileTakesNothingAway() throws IOException {
        write(NAME, "one");
        Secrets secrets = secrets();
        Path elsewhere = directory.resolveSibling("elsewhere");

        Files.move(directory, elsewhere);
        checkTwice(secrets);
        assertThat(secrets.get(NAME)).contains("one");
        assertThat(count("directory", "failed")).isEqualTo(1);
        Files.move(elsewhere, directory);

        write(NAME, "two");
        checkTwice(secrets);
        checkTwice(secrets);
        assertThat(secrets.get(NAME)).contains("two");
    }

    @Test
    void onlySoManyFilesAreRead() throws IOException {
        for (int i = 0; i < SecretDirectory.MAX_FILES + 10; i++) {
            write("secret-%04d".formatted(i), "x");
        }
        assertThat(secrets().all()).hasSize(SecretDirectory.MAX_FILES);
    }

    @Test
    void noSecretIsLoggedAndOneThatEverybodyCanReadIsComplainedOf() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(write(NAME, "s3cret-1"), PosixFilePermissions.fromString("rw-r--r--"));
        Files.setPosixFilePermissions(write("hidden", "s3cret-2"), PosixFilePermissions.fromString("rw-r-----"));
        Secrets secrets = secrets();
        write(NAME, "s3cret-3");
        checkTwice(secrets);

        assertThat(log.lines())
                .extracting(LogLines.Line::message)
                .anyMatch(message ->
                        message.startsWith("Everybody") && message.contains(NAME) && !message.contains("hidden"))
                .noneMatch(message -> message.contains("s3cret"));
    }

    @Test
    void withoutADirectoryThereAreNone() {
        Secrets secrets = new Secrets(config(Optional.empty(), Duration.ofHours(1)), vertx, meters);

        assertThat(secrets.hasDirectory()).isFalse();
        assertThat(secrets.all()).isEmpty();
    }

    @Test
    void theFilesAreConfigurationAsTheyAreAtStart() throws IOException {
        write("quarkus.redis.password", "pa${ss}\n");
        write(".hidden", "x");
        var config = new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withSources(new PropertiesConfigSource(
                        Map.of(
                                "omni.secret.directory",
                                directory.toString(),
                                "quarkus.redis.password",
                                "of a properties file"),
                        "application.properties",
                        250))
                .withSources(new SecretSourceFactory())
                .build();

        assertThat(config.getValue("quarkus.redis.password", String.class)).isEqualTo("pa${ss}");
        assertThat(config.getConfigSources())
                .extracting(ConfigSource::getName)
                .anyMatch(name -> name.contains(SecretSourceFactory.SOURCE));
    }

    private void generation(String name, String key, String password) throws IOException {
        Path generation = Files.createDirectory(directory.resolve(name));
        Files.writeString(generation.resolve(NAME), key);
        Files.writeString(generation.resolve("password"), password);
    }

    private Path write(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content);
    }

    private static void checkTwice(Secrets secrets) {
        secrets.check();
        secrets.check();
    }

    private Secrets secrets() {
        return secrets(Duration.ofHours(1));
    }

    private Secrets secrets(Duration interval) {
        return new Secrets(config(Optional.of(directory), interval), vertx, meters);
    }

    private static SecretConfig config(Optional<Path> directory, Duration interval) {
        Map<String, String> values = new HashMap<>();
        values.put("omni.secret.check-interval", interval.toMillis() + "ms");
        directory.ifPresent(path -> values.put("omni.secret.directory", path.toString()));
        return new SmallRyeConfigBuilder()
                .withConverter(Duration.class, 200, new DurationConverter())
                .withSources(new PropertiesConfigSource(values, "test", 100))
                .withMapping(SecretConfig.class)
                .build()
                .getConfigMapping(SecretConfig.class);
    }

    private double count(String secret, String outcome) {
        return meters.counter("omni.secret.reloads", "secret", secret, "outcome", outcome)
                .count();
    }
}
