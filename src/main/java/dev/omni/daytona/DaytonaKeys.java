package dev.omni.daytona;

import dev.omni.daytona.DaytonaMeters.KeyRefusal;
import io.smallrye.mutiny.Uni;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Which key calls are made with. A new one is shown to Daytona first, and used by every call from then on, so that one which
 * Daytona does not know costs no call; until then, and for as long as Daytona refuses it, the one before stays in force. One
 * that is refused is tried again now and then. A key in force that Daytona no longer takes gives way to the one before it.
 */
final class DaytonaKeys {
    /** What Daytona says of a key when it is asked nothing else. */
    enum Verdict {
        ACCEPTED,
        REFUSED,
        /** It could not be asked. */
        UNKNOWN
    }

    private static final Logger LOG = Logger.getLogger(DaytonaKeys.class);
    private static final Duration UNTIL_ASKED_AGAIN = Duration.ofSeconds(2);
    private static final Duration UNTIL_DOUBTED_AGAIN = Duration.ofSeconds(5);
    private static final Duration UNTIL_REFUSED_IS_TRIED_AGAIN = Duration.ofSeconds(30);

    /**
     * @param inForce what calls are made with
     * @param previous what was in force before it, unless Daytona refused that
     * @param refused the key that was offered last, if Daytona refused it
     * @param stuck whether Daytona refuses even what is in force
     */
    private record State(
            @Nullable String inForce,
            @Nullable String previous,
            @Nullable String refused,
            boolean stuck) {
        @Override
        public String toString() {
            return "***";
        }
    }

    /** An endpoint as it was when a call was made. */
    private record Current(URI apiUrl, String apiKey) implements DaytonaEndpoint {
        @Override
        public String toString() {
            return apiUrl.toString();
        }
    }

    /** Which key was last asked about, and when it may be asked about again though nothing has changed. */
    private record Asked(String key, long again) {
        static Asked now(String key, Verdict verdict) {
            Duration pause = verdict == Verdict.REFUSED ? UNTIL_REFUSED_IS_TRIED_AGAIN : UNTIL_ASKED_AGAIN;
            double jitter = 0.8 + ThreadLocalRandom.current().nextDouble() * 0.4;
            return new Asked(key, System.nanoTime() + (long) (pause.toNanos() * jitter));
        }

        @Override
        public String toString() {
            return "***";
        }
    }

    private final Supplier<Optional<DaytonaEndpoint>> offered;
    private final Function<DaytonaEndpoint, Uni<Verdict>> asking;
    private final DaytonaMeters meters;
    private final Map<String, Uni<Verdict>> underWay = new ConcurrentHashMap<>();

    private volatile State state = new State(null, null, null, false);
    private volatile @Nullable Asked asked;
    /** The key that a toolbox last refused, and when one is believed again. */
    private volatile @Nullable Asked doubted;

    /**
     * @param offered the endpoint with the newest key; asked before every call
     * @param asking makes a call that does nothing, to see whether the key is taken
     */
    DaytonaKeys(
            Supplier<Optional<DaytonaEndpoint>> offered,
            Function<DaytonaEndpoint, Uni<Verdict>> asking,
            DaytonaMeters meters) {
        this.offered = offered;
        this.asking = asking;
        this.meters = meters;
    }

    /** What a call is to be made with; empty when Daytona is not configured. */
    Optional<DaytonaEndpoint> current() {
        return offered.get().map(newest -> new Current(newest.apiUrl(), inForce(newest)));
    }

    /**
     * After Daytona refused a call as not authorized: whether it is worth making again, since another key is in force by now.
     * Nothing of a call has happened that was refused so.
     */
    Uni<Boolean> another(DaytonaEndpoint used) {
        Optional<DaytonaEndpoint> now = offered.get();
        if (now.isEmpty() || isReplaced(used)) {
            return Uni.createFrom().item(now.isPresent());
        }
        DaytonaEndpoint newest = new Current(now.get().apiUrl(), now.get().apiKey());
        boolean isNewest = newest.apiKey().equals(used.apiKey());
        boolean isFresh = !isNewest && !newest.apiKey().equals(state.refused());
        return (isFresh ? ask(newest) : Uni.createFrom().item(Verdict.UNKNOWN))
                .chain(() -> isReplaced(used) ? Uni.createFrom().item(Verdict.UNKNOWN) : ask(used))
                .chain(verdict -> verdict == Verdict.REFUSED && !isReplaced(used) && !isNewest && !isFresh
                        ? ask(newest)
                        : Uni.createFrom().item(verdict))
                .map(verdict -> isReplaced(used));
    }

    /**
     * The same after a toolbox has refused the call. Behind it is a program of a user's, which may say so as often as it
     * likes: it is believed once in a while, or each of its answers would cost a call of the control plane.
     */
    Uni<Boolean> anotherForToolbox(DaytonaEndpoint used) {
        String key = used.apiKey();
        if (isReplaced(used) || underWay.containsKey(key)) {
            return another(used);
        }
        Asked last = doubted;
        if (last != null && last.key().equals(key) && System.nanoTime() - last.again() < 0) {
            return Uni.createFrom().item(false);
        }
        doubted = new Asked(key, System.nanoTime() + UNTIL_DOUBTED_AGAIN.toNanos());
        return another(used);
    }

    /** Every key that may stand in what Daytona answers. */
    List<String> known() {
        State now = state;
        return Stream.of(now.inForce(), now.previous(), now.refused())
                .filter(Objects::nonNull)
                .distinct()
                .toList();
    }

    private boolean isReplaced(DaytonaEndpoint used) {
        return !used.apiKey().equals(state.inForce());
    }

    private String inForce(DaytonaEndpoint newest) {
        String key = newest.apiKey();
        State now = state;
        if (key.equals(now.inForce()) && now.refused() == null) {
            return key;
        }
        String inForce = offered(key);
        if (inForce.equals(key) && state.refused() == null) {
            return inForce;
        }
        if (isDue(key)) {
            ask(new Current(newest.apiUrl(), key)).subscribe().with(verdict -> {});
        }
        return inForce;
    }

    private synchronized String offered(String key) {
        String inForce = state.inForce();
        if (inForce == null) {
            state = new State(key, null, null, false);
            return key;
        }
        if (inForce.equals(key) && !key.equals(state.refused())) {
            // Somebody took the refused one back.
            state = new State(inForce, state.previous(), null, state.stuck());
        }
        return inForce;
    }

    private boolean isDue(String key) {
        Asked last = asked;
        return last == null || !last.key().equals(key) || System.nanoTime() - last.again() > 0;
    }

    /** Asks about a key; whoever wants to know meanwhile waits for the same answer. */
    private Uni<Verdict> ask(DaytonaEndpoint endpoint) {
        String key = endpoint.apiKey();
        return underWay.computeIfAbsent(
                key,
                k -> asking.apply(endpoint)
                        .onFailure()
                        .recoverWithItem(Verdict.UNKNOWN)
                        .invoke(verdict -> {
                            asked = Asked.now(key, verdict);
                            conclude(key, verdict);
                            underWay.remove(key);
                        })
                        .memoize()
                        .indefinitely());
    }

    private synchronized void conclude(String key, Verdict verdict) {
        State before = state;
        switch (verdict) {
            case ACCEPTED -> accepted(before, key);
            case REFUSED -> refused(before, key);
            case UNKNOWN -> {}
        }
    }

    private void accepted(State before, String key) {
        if (!key.equals(before.inForce())) {
            state = new State(key, before.stuck() ? before.previous() : before.inForce(), null, false);
            LOG.info("Daytona takes the new key: calls are made with it from now on");
        } else if (before.stuck() || key.equals(before.refused())) {
            state = new State(key, before.previous(), key.equals(before.refused()) ? null : before.refused(), false);
            LOG.info("Daytona takes the key again");
        }
    }

    private void refused(State before, String key) {
        String inForce = before.inForce();
        String previous = before.previous();
        if (!key.equals(inForce)) {
            // The one before stays in force, which is what falling back comes to.
            state = new State(inForce, previous, key, before.stuck());
            report(before.stuck(), !key.equals(before.refused()), "Daytona refuses the new key");
        } else if (previous != null) {
            state = new State(previous, null, key, false);
            report(false, true, "Daytona no longer takes the key in force");
        } else {
            state = new State(inForce, null, before.refused() == null ? key : before.refused(), true);
            report(true, !before.stuck(), "Daytona refuses the key in force, and there is no other");
        }
    }

    /** Counted each time, so that an alert lasts as long as the trouble; logged when it begins. */
    private void report(boolean stuck, boolean news, String what) {
        meters.refusedKey(stuck ? KeyRefusal.REFUSED : KeyRefusal.FELL_BACK);
        if (news) {
            LOG.errorf(
                    "%s. %s. Put a good one into its file; no restart is needed",
                    what,
                    stuck ? "Calls fail until it is taken" : "Calls are made with the one before, while that works");
        }
    }
}
