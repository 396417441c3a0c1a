package dev.omni.audit;

import dev.omni.identity.Caller;
import org.jspecify.annotations.Nullable;

/**
 * Who does something, from where.
 *
 * @param userId null for a caller who is not known
 * @param operator whether the caller is one
 * @param address the client's address; null where there is none any more
 * @param requestId what the log lines about it carry
 */
public record Origin(
        @Nullable String userId,
        boolean operator,
        @Nullable String address,
        @Nullable String requestId) {
    static final Origin UNKNOWN = new Origin(null, false, null, null);

    public static Origin of(Caller caller, @Nullable String address, @Nullable String requestId) {
        return new Origin(caller.userId(), caller.isOperator(), address, requestId);
    }
}
