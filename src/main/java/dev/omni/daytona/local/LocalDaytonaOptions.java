package dev.omni.daytona.local;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How a {@link LocalDaytona} behaves; without a call, as a developer wants it. */
public final class LocalDaytonaOptions {
    int port;

    @Nullable
    Path directory;

    Duration startDelay = Duration.ofMillis(300);
    Duration snapshotDelay = Duration.ofSeconds(1);
    Duration activityCheck = Duration.ofSeconds(10);
    Duration minute = Duration.ofMinutes(1);
    boolean warmPool;
    boolean bubblewrap = true;
    boolean standInClaude = true;

    /** 0, the default, for a free one. */
    public LocalDaytonaOptions port(int value) {
        port = value;
        return this;
    }

    /** Where the sandboxes' directories are made and left; without it a temporary one, deleted at close. */
    public LocalDaytonaOptions directory(Path value) {
        directory = value;
        return this;
    }

    /** How long a sandbox is {@code creating} or {@code starting}. */
    public LocalDaytonaOptions startDelay(Duration value) {
        startDelay = value;
        return this;
    }

    /** How long a snapshot or an image build stays in each of its states. */
    public LocalDaytonaOptions snapshotDelay(Duration value) {
        snapshotDelay = value;
        return this;
    }

    /** How often sandboxes are looked at for auto-stop, auto-archive and auto-delete; zero for never. */
    public LocalDaytonaOptions activityCheck(Duration value) {
        activityCheck = value;
        return this;
    }

    /** How long a minute of those intervals takes, so that a test need not wait for one. */
    public LocalDaytonaOptions minute(Duration value) {
        minute = value;
        return this;
    }

    /** Whether create answers with a sandbox that is {@code started} already. */
    public LocalDaytonaOptions warmPool(boolean value) {
        warmPool = value;
        return this;
    }

    /** Whether commands run inside bubblewrap where that works. */
    public LocalDaytonaOptions bubblewrap(boolean value) {
        bubblewrap = value;
        return this;
    }

    /** Whether sandboxes have a stand-in for {@code claude} where the machine has no real one. */
    public LocalDaytonaOptions standInClaude(boolean value) {
        standInClaude = value;
        return this;
    }
}
