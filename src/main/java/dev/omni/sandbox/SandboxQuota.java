package dev.omni.sandbox;

import dev.omni.daytona.Daytona;
import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.Page;
import dev.omni.daytona.RemoteSandbox;
import dev.omni.limit.LimitConfig;
import dev.omni.limit.Quota;
import dev.omni.limit.QuotaName;
import dev.omni.limit.QuotaRefusals;
import dev.omni.problem.ProblemException;
import dev.omni.sandbox.Creation.Created;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Lets a user have so many sandboxes and no more, however many are asked for at once and of whichever replica. Daytona's
 * list is the truth, and it knows no "create unless there are ten". So:
 *
 * <ol>
 *   <li>Before a sandbox is made, those there are and those that this replica is about to make must leave room for it.
 *   <li>When it is made, it is looked again. All replicas rank what they see by when it was made, so they agree on which are
 *       the ones too many; whoever made one of those deletes it and refuses.
 * </ol>
 */
@ApplicationScoped
class SandboxQuota implements Quota {
    private static final Logger LOG = Logger.getLogger(SandboxQuota.class);

    /** More than any quota. */
    private static final int PAGE = 200;

    /** How long a create waits for Daytona's list to show what it made. */
    private static final Duration LISTED = Duration.ofSeconds(3);

    /** How long what the list did not show by then is counted beside it. */
    private static final Duration UNLISTED = Duration.ofMinutes(1);

    /** How long one too many may be busy: Daytona deletes nothing that is still being made. */
    private static final Duration DELETED = Duration.ofMinutes(10);

    private static final Duration BETWEEN_DELETIONS = Duration.ofSeconds(5);

    private static final Comparator<RemoteSandbox> RANK =
            Comparator.comparing(RemoteSandbox::createdAt).thenComparing(RemoteSandbox::id);

    private final SandboxConfig config;
    private final int limit;
    private final Daytona daytona;
    private final Lifecycle lifecycle;
    private final Polling polling;
    private final QuotaRefusals refusals;
    /** The names of what is being made here, for each user in the order in which it was asked for. */
    private final ConcurrentMap<String, Map<String, Integer>> making = new ConcurrentHashMap<>();

    SandboxQuota(
            SandboxConfig config,
            LimitConfig limits,
            Daytona daytona,
            Lifecycle lifecycle,
            Polling polling,
            QuotaRefusals refusals) {
        this.config = config;
        this.limit = limits.quota().sandboxes();
        this.daytona = daytona;
        this.lifecycle = lifecycle;
        this.polling = polling;
        this.refusals = refusals;
    }

    @Override
    public String name() {
        return QuotaName.SANDBOXES.label();
    }

    @Override
    public int limit() {
        return limit;
    }

    @Override
    public Uni<Integer> used(String userId) {
        return list(userId).map(page -> (int) counted(page).count());
    }

    /**
     * Makes a sandbox if there is room for it; fails with {@code quota_exceeded} if there is not. Once it has begun it goes
     * on to its end, also when nobody waits for it any more: one too many must not be left behind.
     *
     * @param name what it is called in Daytona
     * @param existing the one that a call before this has made, which is given whether there is room or not
     */
    Uni<Created> admit(
            String owner, String name, Supplier<Uni<Optional<RemoteSandbox>>> existing, Supplier<Uni<Created>> make) {
        return Uni.createFrom().deferred(() -> {
            Set<String> before = announce(owner, name);
            Uni<Created> made = list(owner)
                    .chain(page -> {
                        Set<String> others = new HashSet<>(before);
                        counted(page).map(RemoteSandbox::name).forEach(others::add);
                        others.remove(name);
                        return others.size() < limit
                                ? make.get().chain(created -> created.fresh() ? keep(owner, created) : kept(created))
                                : existing.get().map(found -> new Created(found.orElseThrow(() -> full(owner)), false));
                    })
                    .onTermination()
                    .invoke(() -> withdraw(owner, name))
                    .memoize()
                    .indefinitely();
            made.subscribe().with(created -> {}, failure -> LOG.debugf("%s was not made: %s", name, failure));
            return made;
        });
    }

    private Uni<Created> keep(String owner, Created created) {
        RemoteSandbox own = created.sandbox();
        return polling.until(page -> shows(page, own), LISTED, () -> list(owner))
                .map(page -> {
                    boolean keeps = counted(page)
                                    .filter(other -> RANK.compare(other, own) < 0)
                                    .count()
                            < limit;
                    if (keeps && !shows(page, own)) {
                        countUnlisted(owner, own.name());
                    }
                    return keeps;
                })
                .onFailure(DaytonaException.class)
                .recoverWithItem(failure -> {
                    // It is there, and its owner should know of it; the next one is counted against it.
                    LOG.warnf("Whether sandbox %s is one too many cannot be seen: %s", own.id(), failure);
                    return true;
                })
                .chain(keeps -> keeps ? kept(created) : refuse(owner, own));
    }

    private static boolean shows(Page<RemoteSandbox> page, RemoteSandbox own) {
        return page.items().stream().anyMatch(other -> other.id().equals(own.id()));
    }

    /** Keeps the name among those that are being made; once the list shows it too, it still counts as one. */
    private void countUnlisted(String owner, String name) {
        announce(owner, name);
        polling.pause(UNLISTED).subscribe().with(over -> withdraw(owner, name));
    }

    private Uni<Created> refuse(String owner, RemoteSandbox own) {
        return lifecycle
                .delete(own)
                .onFailure()
                .invoke(failure -> deleteLater(own, System.nanoTime() + DELETED.toNanos()))
                .onItemOrFailure()
                .transformToUni((deleted, failure) -> Uni.createFrom().failure(full(owner)));
    }

    /** In the background: the caller has an answer, and the sandbox that nobody was told of must not stay. */
    private void deleteLater(RemoteSandbox own, long deadline) {
        polling.pause(BETWEEN_DELETIONS)
                .chain(() -> lifecycle.delete(own))
                .subscribe()
                .with(deleted -> LOG.debugf("Sandbox %s was one too many and is deleted", own.id()), failure -> {
                    if (System.nanoTime() - deadline < 0) {
                        deleteLater(own, deadline);
                    } else {
                        LOG.errorf(failure, "Sandbox %s is one too many and could not be deleted", own.id());
                    }
                });
    }

    private static Uni<Created> kept(Created created) {
        return Uni.createFrom().item(created);
    }

    private ProblemException full(String owner) {
        return refusals.of(QuotaName.SANDBOXES, limit, owner);
    }

    private Uni<Page<RemoteSandbox>> list(String owner) {
        return daytona.list(SandboxLabels.of(owner, config.environment()), Set.of(), PAGE, null);
    }

    private static Stream<RemoteSandbox> counted(Page<RemoteSandbox> page) {
        return page.items().stream().filter(sandbox -> SandboxStatus.of(sandbox.state()) != SandboxStatus.DELETING);
    }

    /** The names that were announced before this one. */
    private Set<String> announce(String owner, String name) {
        Set<String> before = new HashSet<>();
        making.compute(owner, (same, known) -> {
            Map<String, Integer> names = known == null ? new LinkedHashMap<>() : known;
            if (names.merge(name, 1, Integer::sum) == 1) {
                before.addAll(names.keySet());
            }
            return names;
        });
        before.remove(name);
        return before;
    }

    private void withdraw(String owner, String name) {
        making.computeIfPresent(owner, (same, names) -> {
            names.computeIfPresent(name, (known, count) -> count == 1 ? null : count - 1);
            return names.isEmpty() ? null : names;
        });
    }
}
