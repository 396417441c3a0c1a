package dev.omni.job;

import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Where this process keeps its spools: a directory of its own, which it holds by a lock for as long as it lives. A process
 * that was killed leaves its directory behind without the lock; whoever starts next removes it.
 */
final class SpoolDirectory {
    private static final Logger LOG = Logger.getLogger(SpoolDirectory.class);
    private static final String PREFIX = "omni-spool-";
    private static final String LOCK = "lock";

    /** A single user may take a part of the disk only. */
    private static final int USERS_TO_FILL_IT = 4;

    /** Those of this process, of which there is one outside of tests. */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Vertx vertx;
    private final SpoolSpace space;
    private final Path directory;
    private final FileChannel lock;

    /** @throws UncheckedIOException when there is no place for it */
    SpoolDirectory(Vertx vertx, JobConfig.Spool config) {
        if (config.maxTotal().asLongValue() < config.maxPerJob().asLongValue()) {
            throw new IllegalStateException(
                    "omni.job.spool.max-total: must not be less than omni.job.spool.max-per-job");
        }
        this.vertx = vertx;
        long total = config.maxTotal().asLongValue();
        this.space = new SpoolSpace(
                total, Math.max(config.maxPerJob().asLongValue(), total / USERS_TO_FILL_IT), config.maxWait());
        try {
            @Nullable String configured = config.directory().orElse(null);
            Path parent = configured == null
                    ? Path.of(System.getProperty("java.io.tmpdir"))
                    : Files.createDirectories(Path.of(configured));
            removeLeftovers(parent);
            // It gets its name when it is held: until then nobody takes it for a leftover.
            Path unnamed = Files.createTempDirectory(
                    parent,
                    "new-" + PREFIX,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            this.lock =
                    FileChannel.open(unnamed.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            if (lock.tryLock() == null) {
                throw new IOException("files cannot be locked there");
            }
            this.directory = parent.resolve(unnamed.getFileName().toString().substring("new-".length()));
            HELD.add(directory);
            Files.move(unnamed, directory, StandardCopyOption.ATOMIC_MOVE);
            LOG.debugf("Spools lie in %s", directory);
        } catch (IOException e) {
            throw new UncheckedIOException("omni.job.spool.directory cannot be used", e);
        }
    }

    /** @param user whose job it is */
    Uni<Spool> open(String user, UUID jobId) {
        String path = directory.resolve(jobId + "-" + UUID.randomUUID()).toString();
        return Spool.open(vertx, space.share(user), path);
    }

    SpoolSpace space() {
        return space;
    }

    /** Removes the directory; spools that are still open go with it. */
    void close() {
        try (lock) {
            remove(directory);
        } catch (IOException e) {
            LOG.debugf("Spools stay in %s: %s", directory, e.getMessage());
        } finally {
            HELD.remove(directory);
        }
    }

    private static void removeLeftovers(Path parent) throws IOException {
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(parent, PREFIX + "*")) {
            for (Path directory : directories) {
                removeUnlessHeld(directory);
            }
        }
    }

    private static void removeUnlessHeld(Path directory) {
        if (HELD.contains(directory)) {
            // To open and close the file would be to let go of it.
            return;
        }
        try (FileChannel channel = FileChannel.open(directory.resolve(LOCK), StandardOpenOption.WRITE);
                FileLock free = channel.tryLock()) {
            if (free != null) {
                remove(directory);
                LOG.infof("Removed the spools that an earlier process left in %s", directory);
            }
        } catch (NoSuchFileException withoutLock) {
            // Somebody was ended while removing it, or is just doing so.
            removeIfPossible(directory);
        } catch (IOException e) {
            // Somebody else's, perhaps: it is not ours to insist.
            LOG.debugf("%s stays: %s", directory, e.getMessage());
        }
    }

    private static void removeIfPossible(Path directory) {
        try {
            remove(directory);
        } catch (IOException e) {
            LOG.debugf("%s stays: %s", directory, e.getMessage());
        }
    }

    private static void remove(Path directory) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(directory);
    }
}
