package dev.omni.daytona;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What to ask of Daytona for a new sandbox. Null leaves the choice to Daytona; it is then not sent, since Daytona treats
 * an explicit null otherwise.
 *
 * @param name unique in the organisation: the only handle for finding a sandbox whose create answer was lost
 * @param cpu whole cores; only without a snapshot
 * @param memoryGiB only without a snapshot
 * @param diskGiB only without a snapshot
 * @param networkAllow CIDRs; empty means no list
 */
public record NewSandbox(
        String name,
        @Nullable String snapshot,
        Map<String, String> env,
        Map<String, String> labels,
        @Nullable Integer cpu,
        @Nullable Integer memoryGiB,
        @Nullable Integer diskGiB,
        @Nullable Integer autoStopMinutes,
        @Nullable Integer autoArchiveMinutes,
        @Nullable Integer autoDeleteMinutes,
        boolean networkBlockAll,
        List<String> networkAllow) {
    public NewSandbox {
        env = Map.copyOf(env);
        labels = Map.copyOf(labels);
        networkAllow = List.copyOf(networkAllow);
    }
}
