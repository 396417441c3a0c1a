package dev.omni.daytona.local;

import org.jspecify.annotations.Nullable;

/** @param after null for the first page */
record ListPage(@Nullable Position after, int limit, boolean ascending) {
    int compare(Position a, Position b) {
        int order = a.key().compareTo(b.key());
        int total = order == 0 ? a.id().compareTo(b.id()) : order;
        return ascending ? total : -total;
    }
}
