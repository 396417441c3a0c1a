package dev.omni.sandbox;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.omni.daytona.RemoteSandbox;
import dev.omni.daytona.RemoteState;
import java.time.Instant;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox as its user sees it.
 *
 * @param name the name it was given, or a generated one
 * @param snapshot what it was made from; absent where the platform chose
 * @param labels the caller's own
 * @param lastActivityAt the last request to the sandbox or open connection; a running process is no activity
 * @param error why the status is {@code error}; absent otherwise
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Sandbox(
        String id,
        String name,
        SandboxStatus status,
        @Nullable String snapshot,
        Map<String, String> labels,
        Resources resources,
        Idle idle,
        Instant createdAt,
        @Nullable Instant lastActivityAt,
        @Nullable Failure error) {

    /** What the sandbox has: cores and gibibytes. */
    @Schema(name = "SandboxResources")
    public record Resources(double cpu, double memoryGiB, double diskGiB) {}

    /**
     * What happens to a sandbox that nobody uses. An absent value means never.
     *
     * @param stopAfterMinutes from the last activity
     * @param archiveAfterMinutes from the stop
     * @param deleteAfterMinutes from the stop; 0 deletes it as soon as it stops
     */
    @Schema(name = "IdlePolicy")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Idle(
            @Nullable Integer stopAfterMinutes,
            @Nullable Integer archiveAfterMinutes,
            @Nullable Integer deleteAfterMinutes) {}

    /** Why a sandbox is broken. */
    @Schema(name = "SandboxFailure")
    public record Failure(String code, String message) {}

    static Sandbox of(RemoteSandbox remote) {
        return new Sandbox(
                remote.id(),
                remote.labels().getOrDefault(SandboxLabels.NAME, remote.name()),
                SandboxStatus.of(remote.state()),
                remote.snapshot(),
                SandboxLabels.visible(remote.labels()),
                new Resources(remote.cpu(), remote.memoryGiB(), remote.diskGiB()),
                new Idle(
                        remote.autoStopMinutes() > 0 ? remote.autoStopMinutes() : null,
                        remote.autoArchiveMinutes() > 0 ? remote.autoArchiveMinutes() : null,
                        remote.autoDeleteMinutes() >= 0 ? remote.autoDeleteMinutes() : null),
                remote.createdAt(),
                remote.lastActivityAt(),
                failure(remote.state()));
    }

    /** In our own words: Daytona's reason may name its machines. */
    private static @Nullable Failure failure(RemoteState state) {
        return switch (state) {
            case ERROR ->
                new Failure("sandbox_failed", "The sandbox failed and cannot be used. Delete it and create another.");
            case BUILD_FAILED -> new Failure("build_failed", "What the sandbox is made from could not be built.");
            default -> null;
        };
    }
}
