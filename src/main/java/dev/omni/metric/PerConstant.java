package dev.omni.metric;

import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A meter, or something made of some, for each of the values that a tag can have. All are made at once: what has not happened
 * yet is told as 0, so that its first time is a change.
 */
public final class PerConstant<E extends Enum<E>, M> {
    private final Map<E, M> meters;

    public PerConstant(Collection<E> constants, Function<E, M> meter) {
        this.meters = constants.stream().collect(Collectors.toUnmodifiableMap(Function.identity(), meter));
    }

    public M of(E constant) {
        return Objects.requireNonNull(meters.get(constant));
    }
}
