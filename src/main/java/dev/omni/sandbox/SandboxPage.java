package dev.omni.sandbox;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A page of a user's sandboxes, newest first.
 *
 * @param items may be fewer than asked for, even none, with more to come
 * @param nextCursor gives the next page; absent on the last one
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record SandboxPage(List<Sandbox> items, @Nullable String nextCursor) {
    SandboxPage {
        items = List.copyOf(items);
    }
}
