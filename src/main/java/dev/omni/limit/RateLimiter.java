package dev.omni.limit;

import dev.omni.identity.ClientAddress;
import dev.omni.limit.Buckets.Both;
import dev.omni.limit.Limit.Per;
import dev.omni.limit.LimitMeters.Outcome;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.EstimationProbe;
import io.smallrye.common.vertx.VertxContext;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Lets calls through at the rates that are configured. A call takes a token from each bucket it falls under, or from none.
 *
 * <p>This replica's own buckets are asked first. They never let more through than the limit, so they are all there is
 * without a Redis, or while it is away; and who is refused here costs Redis nothing. With a Redis, what all replicas have let
 * through together must be within the limit as well.
 */
@ApplicationScoped
public class RateLimiter {
    private static final Logger LOG = Logger.getLogger(RateLimiter.class);

    private final Vertx vertx;
    private final RedisLink redis;
    private final Event<Refused> refused;
    private final Map<Policy, List<Buckets>> buckets = new EnumMap<>(Policy.class);
    private final LimitMeters meters;
    private final Limit edge;
    private final EdgeBuckets edgeBuckets;
    private final long started = System.nanoTime();

    RateLimiter(
            Vertx vertx,
            LimitConfig config,
            RedisLink redis,
            Event<Refused> refused,
            LimitMeters meters,
            @ConfigProperty(name = "omni.sandbox.environment") String environment) {
        this.vertx = vertx;
        this.redis = redis;
        this.refused = refused;
        this.meters = meters;
        this.edge = new Limit(Policy.EDGE, Per.ADDRESS, config.edge());
        this.edgeBuckets = new EdgeBuckets(config.edge());
        var shared = new SharedBuckets(redis);
        // A user's buckets before those of the address: whoever is over the limit must not use up what others there
        // share.
        Map<Policy, List<Limit>> table = Map.of(
                Policy.GENERAL,
                List.of(new Limit(Policy.GENERAL, Per.USER, config.general())),
                Policy.CREATE,
                List.of(
                        new Limit(Policy.CREATE, Per.USER, config.create().user()),
                        new Limit(Policy.CREATE, Per.ADDRESS, config.create().address())),
                Policy.RUN,
                List.of(
                        new Limit(Policy.RUN, Per.USER, config.run().user()),
                        new Limit(Policy.RUN, Per.ADDRESS, config.run().address())),
                Policy.UPGRADE,
                List.of(
                        new Limit(Policy.UPGRADE, Per.USER, config.upgrade().user()),
                        new Limit(Policy.UPGRADE, Per.ADDRESS, config.upgrade().address())));
        table.forEach((policy, limits) -> buckets.put(
                policy,
                limits.stream()
                        .map(limit -> new Buckets(limit, environment, shared))
                        .toList()));
    }

    /** A caller's bucket of one limit. */
    private record Held(Limit limit, Both both) {}

    /** Decides on a request of which nothing is known but the address. Counts it unless {@link #take} does. */
    Decision takeAtEdge(ClientAddress address) {
        long now = System.nanoTime() - started;
        Duration wait = edgeBuckets.take(address.network(), now);
        var standing = new Standing(edge, edgeBuckets.left(address.network(), now), wait);
        return decided(Policy.EDGE, Decision.of(List.of(standing)), Outcome.ALLOWED, null, address);
    }

    /**
     * Decides on a call. Refused or not, the result arrives on the context it was asked for on, and soon: a Redis that does
     * not answer is not waited for. From here on the call is its user's, and no longer counts for the edge.
     */
    public Uni<Decision> take(Policy policy, String userId, ClientAddress address) {
        edgeBuckets.giveBack(address.network());
        List<Held> all = held(policy, userId, address);
        List<Standing> here = takeHere(all);
        Decision decision = Decision.of(here);
        if (!decision.isAllowed() || !redis.isUp()) {
            return Uni.createFrom().item(decided(policy, decision, alone(), userId, address));
        }
        return onThisContext(takeShared(all, here).copy())
                .map(together -> together.isEmpty()
                        ? decided(policy, decision, Outcome.DEGRADED, userId, address)
                        : decided(policy, Decision.of(together), Outcome.ALLOWED, userId, address));
    }

    /** How a caller stands with all limits; nothing is taken for that. */
    Uni<List<Standing>> standings(String userId, ClientAddress address) {
        List<Held> all = Stream.of(Policy.GENERAL, Policy.CREATE, Policy.RUN, Policy.UPGRADE)
                .flatMap(policy -> own(policy, userId, address))
                .toList();
        List<Standing> here = all.stream()
                .map(held -> standing(held.limit(), held.both().local().estimateAbilityToConsume(1)))
                .toList();
        var atEdge =
                new Standing(edge, edgeBuckets.left(address.network(), System.nanoTime() - started), Duration.ZERO);
        Uni<List<Standing>> together = redis.isUp()
                ? onThisContext(sharedStandings(all, here).copy())
                : Uni.createFrom().item(here);
        return together.map(standings ->
                Stream.concat(Stream.of(atEdge), standings.stream()).toList());
    }

    private List<Held> held(Policy policy, String userId, ClientAddress address) {
        Stream<Held> own = own(policy, userId, address);
        boolean isCallOfTheApi = policy == Policy.CREATE || policy == Policy.RUN;
        return (isCallOfTheApi ? Stream.concat(own(Policy.GENERAL, userId, address), own) : own).toList();
    }

    private Stream<Held> own(Policy policy, String userId, ClientAddress address) {
        return Objects.requireNonNull(buckets.get(policy)).stream().map(limited -> {
            String holder = switch (limited.limit().per()) {
                case USER -> userId;
                case ADDRESS -> address.network();
            };
            return new Held(limited.limit(), limited.of(holder));
        });
    }

    /** From all buckets of this replica, or from none. */
    private static List<Standing> takeHere(List<Held> all) {
        List<Standing> standings = new ArrayList<>(all.size());
        for (Held held : all) {
            Standing standing = takeHere(held);
            standings.add(standing);
            if (!standing.delay().isZero()) {
                all.subList(0, standings.size() - 1)
                        .forEach(taken -> taken.both().local().addTokens(1));
                return standings;
            }
        }
        return standings;
    }

    private static Standing takeHere(Held held) {
        long empty = held.both().sharedIsEmptyForNanos();
        return empty > 0
                ? new Standing(held.limit(), 0, Duration.ofNanos(empty))
                : standing(held.limit(), held.both().local().tryConsumeAndReturnRemaining(1));
    }

    /** From all shared buckets, or from none and none here either. Empty when Redis could not be asked, or not in time. */
    private CompletableFuture<List<Standing>> takeShared(List<Held> all, List<Standing> here) {
        List<CompletableFuture<ConsumptionProbe>> probes = all.stream()
                .map(held -> held.both().shared().tryConsumeAndReturnRemaining(1))
                .toList();
        CompletableFuture<List<Standing>> result = inTime(List.of());
        CompletableFuture<?> unused = CompletableFuture.allOf(probes.toArray(CompletableFuture[]::new))
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        LOG.debugf("Decided by this replica alone: %s", failure);
                        result.complete(List.of());
                        return;
                    }
                    List<Standing> together = new ArrayList<>(all.size());
                    boolean allowed = true;
                    for (int i = 0; i < all.size(); i++) {
                        ConsumptionProbe probe = probes.get(i).join();
                        allowed &= probe.isConsumed();
                        if (!probe.isConsumed()) {
                            all.get(i).both().sharedIsEmpty(Duration.ofNanos(probe.getNanosToWaitForRefill()));
                        }
                        together.add(standing(all.get(i).limit(), probe).and(here.get(i)));
                    }
                    // When this comes too late, the call was let through, and keeps what it took.
                    if (result.complete(together) && !allowed) {
                        putBack(all, probes);
                    }
                });
        return result;
    }

    private static void putBack(List<Held> all, List<CompletableFuture<ConsumptionProbe>> probes) {
        for (int i = 0; i < all.size(); i++) {
            all.get(i).both().local().addTokens(1);
            if (probes.get(i).join().isConsumed()) {
                CompletableFuture<?> unused = all.get(i)
                        .both()
                        .shared()
                        .addTokens(1)
                        .exceptionally(failed -> {
                            LOG.debugf("A token was not given back: %s", failed);
                            return null;
                        });
            }
        }
    }

    private CompletableFuture<List<Standing>> sharedStandings(List<Held> all, List<Standing> here) {
        List<CompletableFuture<EstimationProbe>> probes = all.stream()
                .map(held -> held.both().shared().estimateAbilityToConsume(1))
                .toList();
        CompletableFuture<List<Standing>> result = inTime(here);
        CompletableFuture<?> unused = CompletableFuture.allOf(probes.toArray(CompletableFuture[]::new))
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        result.complete(here);
                        return;
                    }
                    List<Standing> together = new ArrayList<>(all.size());
                    for (int i = 0; i < all.size(); i++) {
                        together.add(standing(all.get(i).limit(), probes.get(i).join())
                                .and(here.get(i)));
                    }
                    result.complete(together);
                });
        return result;
    }

    /**
     * To be completed by Redis' answers, or else by the time. Each command has a bound of its own, but a decision may take
     * several of them, one after the other.
     */
    private <T> CompletableFuture<T> inTime(T otherwise) {
        var result = new CompletableFuture<T>();
        long timer = vertx.setTimer(redis.patience().toMillis(), fired -> result.complete(otherwise));
        CompletableFuture<?> unused = result.whenComplete((done, failure) -> vertx.cancelTimer(timer));
        return result;
    }

    private static Standing standing(Limit limit, ConsumptionProbe probe) {
        return new Standing(
                limit,
                probe.getRemainingTokens(),
                probe.isConsumed() ? Duration.ZERO : Duration.ofNanos(Math.max(1, probe.getNanosToWaitForRefill())));
    }

    private static Standing standing(Limit limit, EstimationProbe probe) {
        return new Standing(
                limit,
                probe.getRemainingTokens(),
                probe.canBeConsumed() ? Duration.ZERO : Duration.ofNanos(Math.max(1, probe.getNanosToWaitForRefill())));
    }

    private Outcome alone() {
        return redis.isConfigured() ? Outcome.DEGRADED : Outcome.ALLOWED;
    }

    private Decision decided(
            Policy policy, Decision decision, Outcome ifAllowed, @Nullable String userId, ClientAddress address) {
        Outcome outcome = decision.isAllowed() ? ifAllowed : Outcome.LIMITED;
        meters.decided(policy, outcome);
        if (!decision.isAllowed()) {
            refused.fire(new Refused(Refused.Kind.RATE, decision.refusedBy(), userId, address.host()));
        }
        return decision;
    }

    /** Brings a result to the context that it is waited for on: Redis answers on one of its own. */
    private <T> Uni<T> onThisContext(CompletableFuture<T> result) {
        Context context = VertxContext.getOrCreateDuplicatedContext(vertx);
        return Uni.createFrom().completionStage(result).emitOn(task -> context.runOnContext(ignored -> task.run()));
    }
}
