package dev.omni.daytona;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of a Daytona list.
 *
 * @param nextCursor Daytona's own opaque cursor; null on the last page
 */
public record Page<T>(List<T> items, @Nullable String nextCursor) {
    public Page {
        items = List.copyOf(items);
    }
}
