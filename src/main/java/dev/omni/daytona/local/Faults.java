package dev.omni.daytona.local;

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The faults switched on. Each request meets at most one: that of the oldest rule that matches it.
 * For example {@code faults.on(Operation.EXECUTE).once(Fault.status(503))}.
 */
public final class Faults {
    private final List<Active> active = new CopyOnWriteArrayList<>();

    Faults() {}

    public Rule on(Operation operation) {
        return new Rule((candidate, path) -> candidate == operation);
    }

    /** Only requests whose path contains {@code pathPart}, such as the id of a sandbox or session. */
    public Rule on(Operation operation, String pathPart) {
        return new Rule((candidate, path) -> candidate == operation && path.contains(pathPart));
    }

    /** Every operation on a path that contains {@code pathPart}. */
    public Rule onPath(String pathPart) {
        return new Rule((candidate, path) -> path.contains(pathPart));
    }

    /** Switches everything off. A stream already stalled stays so. */
    public void clear() {
        active.clear();
    }

    @Nullable
    Fault take(Operation operation, String path) {
        for (Iterator<Active> i = active.iterator(); i.hasNext(); ) {
            Active candidate = i.next();
            if (candidate.matches.test(operation, path)) {
                long left = candidate.left.getAndDecrement();
                if (left <= 1) {
                    active.remove(candidate);
                }
                if (left >= 1) {
                    return candidate.fault;
                }
            }
        }
        return null;
    }

    /** The requests a fault is for; says how often it strikes. */
    public final class Rule {
        private final BiPredicate<Operation, String> matches;

        private Rule(BiPredicate<Operation, String> matches) {
            this.matches = matches;
        }

        public void once(Fault fault) {
            times(1, fault);
        }

        public void times(int requests, Fault fault) {
            active.add(new Active(matches, fault, new AtomicLong(requests)));
        }

        /** Until {@link Faults#clear()}. */
        public void always(Fault fault) {
            active.add(new Active(matches, fault, new AtomicLong(Long.MAX_VALUE)));
        }
    }

    private record Active(BiPredicate<Operation, String> matches, Fault fault, AtomicLong left) {}
}
