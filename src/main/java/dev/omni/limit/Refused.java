package dev.omni.limit;

import org.jspecify.annotations.Nullable;

/**
 * Fired when somebody is refused for asking for too much.
 *
 * @param limit the limit or quota that is used up
 * @param userId null where it was not asked who it is
 * @param address where the call came from; null where that does not matter, as with a quota
 */
public record Refused(
        Kind kind,
        String limit,
        @Nullable String userId,
        @Nullable String address) {
    /** What refused. */
    public enum Kind {
        RATE,
        QUOTA
    }
}
