package dev.omni.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.quarkus.runtime.configuration.DurationConverter;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.runtime.configuration.MemorySizeConverter;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolDirectoryTest {
    private final Vertx vertx = Vertx.vertx();

    @TempDir
    Path parent;

    @AfterEach
    void end() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void whatAKilledProcessLeftBehindIsRemovedAndWhatALivingOneHoldsIsNot() throws IOException {
        Path leftOver = Files.createDirectory(parent.resolve("omni-spool-1"));
        Files.createFile(leftOver.resolve("lock"));
        Files.writeString(leftOver.resolve("a-log"), "left over");
        Path halfRemoved = Files.createDirectory(parent.resolve("omni-spool-2"));
        Path foreign = Files.createDirectory(parent.resolve("something-else"));
        SpoolDirectory living = directory("1M", "1M");
        List<Path> held = directories();
        assertThat(held).doesNotContain(leftOver, halfRemoved).contains(foreign).hasSize(2);

        SpoolDirectory next = directory("1M", "1M");

        assertThat(directories()).containsAll(held).hasSize(3);
        living.close();
        next.close();
        assertThat(directories()).containsExactly(foreign);
    }

    @Test
    void anAppendWaitsForTheDiskThatAnotherSpoolGivesBack() {
        SpoolDirectory directory = directory("64K", "64K");
        Spool one = open(directory, "alice");
        Spool other = open(directory, "bob");
        one.append(Buffer.buffer(new byte[40_000])).await().indefinitely();
        AtomicBoolean appended = new AtomicBoolean();
        other.append(Buffer.buffer(new byte[30_000])).subscribe().with(done -> appended.set(true));
        assertThat(appended).isFalse();
        assertThat(other.length()).isZero();

        one.close();

        await().untilTrue(appended);
        assertThat(other.length()).isEqualTo(30_000);
        other.close();
        directory.close();
    }

    @Test
    void aTotalThatOneJobMayExceedIsRefused() {
        assertThatThrownBy(() -> directory("2M", "1M"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("omni.job.spool.max-total");
    }

    @Test
    void aDirectoryThatCannotBeUsedIsNamed() throws IOException {
        Path file = Files.createFile(parent.resolve("file"));
        assertThatThrownBy(() -> new SpoolDirectory(vertx, config(file, "1M", "1M")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("omni.job.spool.directory");
    }

    private Spool open(SpoolDirectory directory, String user) {
        return directory.open(user, UUID.randomUUID()).await().indefinitely();
    }

    private SpoolDirectory directory(String maxPerJob, String maxTotal) {
        return new SpoolDirectory(vertx, config(parent, maxPerJob, maxTotal));
    }

    private static JobConfig.Spool config(Path directory, String maxPerJob, String maxTotal) {
        SmallRyeConfig config = new SmallRyeConfigBuilder()
                .withMapping(JobConfig.class)
                .withConverter(MemorySize.class, 100, new MemorySizeConverter())
                .withConverter(Duration.class, 100, new DurationConverter())
                .withDefaultValues(Map.of(
                        "omni.job.spool.directory", directory.toString(),
                        "omni.job.spool.max-per-job", maxPerJob,
                        "omni.job.spool.max-total", maxTotal))
                .build();
        return config.getConfigMapping(JobConfig.class).spool();
    }

    private List<Path> directories() throws IOException {
        try (Stream<Path> children = Files.list(parent)) {
            return children.filter(Files::isDirectory).toList();
        }
    }
}
