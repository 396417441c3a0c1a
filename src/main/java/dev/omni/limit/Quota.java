package dev.omni.limit;

import io.smallrye.mutiny.Uni;

/** Most of a thing that one user may have at a time. Each is counted where the thing is. */
public interface Quota {
    /** Its name for clients and in metrics. */
    String name();

    int limit();

    /** How many the user has. Fails where that cannot be known just now. */
    Uni<Integer> used(String userId);
}
