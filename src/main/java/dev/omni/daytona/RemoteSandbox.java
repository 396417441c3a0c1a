package dev.omni.daytona;

import java.net.URI;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox as Daytona tells it. Items of a list carry the same fields.
 *
 * @param id a UUID; the only form the toolbox knows
 * @param name unique in the organisation
 * @param snapshot null for sandboxes that were built on demand
 * @param recoverable whether Daytona can mend it, of a sandbox in {@link RemoteState#ERROR}
 * @param cpu cores
 * @param memoryGiB gibibytes
 * @param diskGiB gibibytes
 * @param autoStopMinutes 0 means never
 * @param autoDeleteMinutes negative means never, 0 as soon as it stops
 * @param toolboxProxyUrl where its toolbox is served, without the sandbox's id
 */
public record RemoteSandbox(
        String id,
        String name,
        @Nullable String snapshot,
        Map<String, String> labels,
        RemoteState state,
        boolean recoverable,
        double cpu,
        double memoryGiB,
        double diskGiB,
        int autoStopMinutes,
        int autoArchiveMinutes,
        int autoDeleteMinutes,
        Instant createdAt,
        @Nullable Instant lastActivityAt,
        URI toolboxProxyUrl) {
    public RemoteSandbox {
        labels = Map.copyOf(labels);
    }

    /** The same sandbox, known to be in another state. */
    public RemoteSandbox in(RemoteState now) {
        return new RemoteSandbox(
                id,
                name,
                snapshot,
                labels,
                now,
                false,
                cpu,
                memoryGiB,
                diskGiB,
                autoStopMinutes,
                autoArchiveMinutes,
                autoDeleteMinutes,
                createdAt,
                lastActivityAt,
                toolboxProxyUrl);
    }
}
