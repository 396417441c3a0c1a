package dev.omni.daytona;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.omni.daytona.DaytonaOperation.Lane;
import io.smallrye.faulttolerance.api.CircuitBreakerState;
import java.time.Duration;

/**
 * The circuits: one for each lane, and for those that lead into sandboxes one for each host as well, since every region may
 * have its own. What sandboxes answer, or that one does not, opens none: it says nothing of the others.
 */
final class Circuits {
    /** More regions than there are; the rarest of more is forgotten, which closes its circuit. */
    private static final int MAX = 256;

    /** A call that Daytona has not answered within this part of its time is late, if its caller then hangs up. */
    private static final int LATE = 5;
    /** Of calls that Daytona holds, or that end in a sandbox, nobody knows how long they should take. */
    private static final Duration NEVER_LATE = Duration.ofDays(1);

    private final DaytonaConfig.Circuit config;
    private final Duration late;
    private final Cache<Key, Circuit> circuits =
            Caffeine.newBuilder().maximumSize(MAX).build();

    private record Key(Lane lane, String host) {}

    Circuits(DaytonaConfig config, DaytonaMeters meters) {
        this.config = config.circuit();
        this.late = config.timeouts().call().dividedBy(LATE);
        for (Lane lane : Lane.values()) {
            if (!lane.streams()) {
                meters.watchCircuit(lane, () -> worst(lane));
            }
        }
    }

    /** @param host empty for the control plane, which is but one */
    Circuit of(Lane lane, String host) {
        return circuits.get(
                new Key(lane, host),
                key -> new Circuit(
                        host.isEmpty() ? lane.label() : lane.label() + " at " + host,
                        lane,
                        config,
                        lane.toolbox() || lane == Lane.STARTS ? NEVER_LATE : late));
    }

    private int worst(Lane lane) {
        return circuits.asMap().entrySet().stream()
                .filter(circuit -> circuit.getKey().lane() == lane)
                .mapToInt(circuit -> level(circuit.getValue().state()))
                .max()
                .orElse(0);
    }

    private static int level(CircuitBreakerState state) {
        return switch (state) {
            case CLOSED -> 0;
            case HALF_OPEN -> 1;
            case OPEN -> 2;
        };
    }
}
