package dev.omni.sandbox;

import dev.omni.daytona.Daytona;
import dev.omni.daytona.DaytonaException;
import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.daytona.NewSandbox;
import dev.omni.daytona.RemoteSandbox;
import dev.omni.daytona.RemoteState;
import dev.omni.identity.Caller;
import dev.omni.observe.LogContext;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.problem.Stage;
import dev.omni.sandbox.AccessProofs.Proof;
import dev.omni.sandbox.Creation.Adoption;
import dev.omni.sandbox.SandboxMeters.Action;
import dev.omni.sandbox.SandboxMeters.Origin;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The rules of sandboxes. */
@ApplicationScoped
public class Sandboxes {
    /** Daytona also finds a sandbox by its name; we do not. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9-]{1,64}");
    /** What a toolbox says when it is its sandbox that is gone or not running. */
    private static final Predicate<Throwable> ABOUT_THE_SANDBOX =
            DaytonaException.is(Kind.REFUSED).or(DaytonaException.is(Kind.NOT_RUNNING));
    /** Enough to see whether any other sandbox has the name. */
    private static final int NAMESAKES = 10;

    /**
     * A sandbox that was asked for.
     *
     * @param fresh whether it was created now
     */
    public record Ensured(Sandbox sandbox, boolean fresh) {}

    private final SandboxConfig config;
    private final Daytona daytona;
    private final Blueprints blueprints;
    private final Creation creation;
    private final DefaultSandbox defaultSandbox;
    private final Lifecycle lifecycle;
    private final AccessProofs proofs;
    private final Changes changes;
    private final SandboxMeters meters;
    private final SandboxSecrets secrets;

    Sandboxes(
            SandboxConfig config,
            Daytona daytona,
            Blueprints blueprints,
            Creation creation,
            DefaultSandbox defaultSandbox,
            Lifecycle lifecycle,
            AccessProofs proofs,
            Changes changes,
            SandboxMeters meters,
            SandboxSecrets secrets) {
        this.config = config;
        this.daytona = daytona;
        this.blueprints = blueprints;
        this.creation = creation;
        this.defaultSandbox = defaultSandbox;
        this.lifecycle = lifecycle;
        this.proofs = proofs;
        this.changes = changes;
        this.meters = meters;
        this.secrets = secrets;
    }

    /**
     * Creates a sandbox, or gives the one that the same key created before. Fails with {@code name_taken} or
     * {@code idempotency_conflict}. That a name is unique is certain among sandboxes created without a key; beyond that it
     * is checked in Daytona's list, which may lag.
     *
     * @param wait how long to wait for it to be ready; zero answers as soon as it exists
     */
    Uni<Sandbox> create(Caller caller, NewSandboxRequest request, @Nullable String idempotencyKey, Duration wait) {
        secrets.refuse(request.env().keySet());
        long asked = System.nanoTime();
        NewSandbox wanted = blueprints.of(caller.userId(), request, idempotencyKey);
        return meters.measured(
                        Action.CREATE,
                        refuseNamesakes(caller, request.name(), wanted.name())
                                .chain(() -> creation.create(
                                        wanted, idempotencyKey == null ? Adoption.NEVER : Adoption.SAME_REQUEST))
                                .onFailure(DaytonaException.class)
                                .transform(failure -> refusal(failure, request)))
                .invoke(created -> announce(created.sandbox()))
                .chain(created -> waitFor(created.sandbox(), wait, status -> status != SandboxStatus.CREATING)
                        .invoke(sandbox -> given(sandbox, created.fresh(), asked)))
                .map(Sandbox::of);
    }

    /**
     * The caller's own long-lived sandbox: created, found, woken when it is stopped or archived, replaced when it is
     * broken.
     *
     * @param wait how long to wait for it to be ready
     */
    public Uni<Ensured> ensureDefault(Caller caller, Duration wait) {
        long asked = System.nanoTime();
        return meters.measured(
                        Action.ENSURE_DEFAULT,
                        defaultSandbox
                                .ensure(caller.userId())
                                .onFailure(DaytonaException.class)
                                .transform(failure -> refusal(failure, null)))
                .invoke(ensured -> meters.ensured(ensured.origin()))
                .invoke(ensured -> announce(ensured.sandbox()))
                .chain(ensured -> waitFor(
                                ensured.sandbox(),
                                wait,
                                status -> status == SandboxStatus.READY
                                        || status == SandboxStatus.ERROR
                                        || status == SandboxStatus.DELETING)
                        .invoke(sandbox -> meters.given(SandboxStatus.of(sandbox.state()), ensured.origin(), asked))
                        .map(sandbox -> new Ensured(Sandbox.of(sandbox), ensured.origin() == Origin.CREATED)));
    }

    /** One sandbox. Fails with {@code sandbox_not_found}. */
    public Uni<Sandbox> get(Caller caller, String sandboxId) {
        return find(caller, sandboxId).map(Sandbox::of);
    }

    /**
     * A page of the caller's own sandboxes, newest first. Daytona's list may lag behind what happens.
     *
     * @param labels all of which a sandbox must carry
     * @param limit 1 to 100
     */
    Uni<SandboxPage> list(
            Caller caller,
            @Nullable SandboxStatus status,
            Map<String, String> labels,
            int limit,
            @Nullable String cursor) {
        String binding = Fingerprint.of(
                config.environment(),
                caller.userId(),
                status == null ? "" : status.wireName(),
                new TreeMap<>(labels).toString());
        Map<String, String> all = new HashMap<>(labels);
        all.putAll(SandboxLabels.of(caller.userId(), config.environment()));
        Set<RemoteState> states = status == null ? Set.of() : status.storedStates();
        return daytona.list(all, states, limit, cursor == null ? null : ListCursor.decode(binding, cursor))
                .map(page -> new SandboxPage(
                        page.items().stream()
                                .filter(sandbox ->
                                        caller.userId().equals(SandboxLabels.owner(sandbox, config.environment())))
                                .map(Sandbox::of)
                                .filter(sandbox -> status == null || sandbox.status() == status)
                                .toList(),
                        page.nextCursor() == null ? null : ListCursor.encode(binding, page.nextCursor())));
    }

    /** Starts a sandbox. Fails with {@code sandbox_not_found} or {@code sandbox_not_ready}. */
    Uni<Sandbox> start(Caller caller, String sandboxId) {
        return meters.measured(Action.START, act(caller, sandboxId, lifecycle::start))
                .invoke(changes::tell)
                .map(Sandbox::of);
    }

    /** Stops a sandbox: what runs in it ends, its files stay. Fails as {@link #start} does. */
    Uni<Sandbox> stop(Caller caller, String sandboxId) {
        return meters.measured(Action.STOP, act(caller, sandboxId, lifecycle::stop))
                .invoke(() -> proofs.forget(sandboxId))
                .invoke(changes::tell)
                .map(Sandbox::of);
    }

    /** Archives a stopped sandbox. Fails as {@link #start} does. */
    Uni<Sandbox> archive(Caller caller, String sandboxId) {
        return meters.measured(Action.ARCHIVE, act(caller, sandboxId, lifecycle::archive))
                .invoke(changes::tell)
                .map(Sandbox::of);
    }

    /** Changes what the caller says of it and leaves the rest. Fails with {@code sandbox_not_found}. */
    Uni<Sandbox> change(Caller caller, String sandboxId, SandboxChange change) {
        blueprints.check(change.idle());
        return act(caller, sandboxId, sandbox -> apply(change, sandbox)).map(Sandbox::of);
    }

    /**
     * Deletes a sandbox. One that is not there, or not the caller's, is left alone and no failure: a repeated call cannot
     * be told from a guess. Fails with {@code sandbox_not_ready} when it stays busy.
     */
    Uni<Void> delete(Caller caller, String sandboxId) {
        return meters.measured(
                        Action.DELETE,
                        act(
                                        caller,
                                        sandboxId,
                                        sandbox -> lifecycle.delete(sandbox).invoke(() -> changes.tellDeleted(sandbox)))
                                .onFailure(Sandboxes::isSandboxNotFound)
                                .recoverWithNull())
                .invoke(() -> proofs.forget(sandboxId));
    }

    /**
     * Proves that the sandbox is the caller's and opens it. The proof is cached for a short time, since an owner never
     * changes. Fails with {@code sandbox_not_found} for anybody else's: that it exists is not told; and with
     * {@code forbidden} for an operator, who may see it.
     */
    public Uni<SandboxAccess> access(Caller caller, String sandboxId) {
        return view(caller, sandboxId).invoke(sandbox -> requireOwner(caller, sandbox.owner()));
    }

    /** The same for who only looks: the owner, or an operator. */
    public Uni<SandboxAccess> view(Caller caller, String sandboxId) {
        return proofs.get(sandboxId, this::prove).map(proof -> {
            if (!maySee(caller, proof.owner())) {
                throw notFound();
            }
            return new SandboxAccess(
                    sandboxId, proof.owner(), daytona.toolbox(sandboxId, proof.owner(), proof.toolboxProxyUrl()));
        });
    }

    /**
     * Says what a toolbox call's failure means for the caller: turns Daytona's "refused" and "not running" into
     * {@code sandbox_not_found} or {@code sandbox_not_ready} by looking at the sandbox itself. For use with
     * {@code onFailure().recoverWithUni(...)}.
     */
    public <T> Uni<T> explain(String sandboxId, Throwable failure) {
        if (!ABOUT_THE_SANDBOX.test(failure)) {
            return Uni.createFrom().failure(failure);
        }
        proofs.forget(sandboxId);
        Uni<T> explained = managed(sandboxId)
                .onFailure(lookFailure -> !isSandboxNotFound(lookFailure))
                .transform(lookFailure -> failure)
                .chain(sandbox -> Uni.createFrom()
                        .failure(
                                switch (SandboxStatus.of(sandbox.state())) {
                                    case READY -> failure;
                                    case DELETING -> notFound();
                                    case CREATING, STOPPING, STOPPED, ARCHIVED, ERROR -> Lifecycle.notReady(sandbox);
                                }));
        Stage stage = failure instanceof ProblemException problem ? problem.stage() : null;
        return stage == null ? explained : stage.of(explained);
    }

    /** From here on the work at hand is about this sandbox. */
    private void announce(RemoteSandbox sandbox) {
        LogContext.put(LogContext.SANDBOX_ID, sandbox.id());
        changes.tell(sandbox);
    }

    private void given(RemoteSandbox sandbox, boolean fresh, long asked) {
        if (!fresh) {
            meters.replayed();
        }
        meters.given(SandboxStatus.of(sandbox.state()), fresh ? Origin.CREATED : Origin.FOUND, asked);
    }

    private Uni<Proof> prove(String sandboxId) {
        return managed(sandboxId).map(sandbox -> {
            if (SandboxStatus.of(sandbox.state()) == SandboxStatus.DELETING) {
                throw notFound();
            }
            return new Proof(
                    Objects.requireNonNull(SandboxLabels.owner(sandbox, config.environment())),
                    sandbox.toolboxProxyUrl());
        });
    }

    /** A sandbox of this environment, whoever it belongs to. */
    private Uni<RemoteSandbox> managed(String sandboxId) {
        if (!ID.matcher(sandboxId).matches()) {
            return Uni.createFrom().failure(notFound());
        }
        return Stage.LOOKUP
                .of(daytona.get(sandboxId))
                .onFailure(DaytonaException.is(Kind.NOT_FOUND))
                .transform(failure -> notFound())
                .invoke(sandbox -> {
                    if (!sandbox.id().equals(sandboxId) || SandboxLabels.owner(sandbox, config.environment()) == null) {
                        throw notFound();
                    }
                });
    }

    private Uni<RemoteSandbox> find(Caller caller, String sandboxId) {
        return managed(sandboxId).invoke(sandbox -> {
            String owner = SandboxLabels.owner(sandbox, config.environment());
            if (owner == null || !maySee(caller, owner)) {
                throw notFound();
            }
        });
    }

    private <T> Uni<T> act(Caller caller, String sandboxId, Function<RemoteSandbox, Uni<T>> action) {
        return find(caller, sandboxId)
                .invoke(sandbox -> requireOwner(
                        caller, Objects.requireNonNull(SandboxLabels.owner(sandbox, config.environment()))))
                .chain(action::apply)
                .onFailure(DaytonaException.is(Kind.NOT_FOUND))
                .transform(failure -> notFound());
    }

    private Uni<RemoteSandbox> apply(SandboxChange change, RemoteSandbox sandbox) {
        String id = sandbox.id();
        Map<String, String> labels = change.labels();
        NewSandboxRequest.Idle idle = change.idle();
        Uni<Void> done = Uni.createFrom().voidItem();
        if (labels != null) {
            done = done.chain(() -> daytona.setLabels(id, SandboxLabels.replaceVisible(sandbox.labels(), labels)));
        }
        if (idle != null && idle.stopAfterMinutes() != null) {
            int minutes = idle.stopAfterMinutes();
            done = done.chain(() -> daytona.setAutoStop(id, minutes));
        }
        if (idle != null && idle.archiveAfterMinutes() != null) {
            int minutes = idle.archiveAfterMinutes();
            done = done.chain(() -> daytona.setAutoArchive(id, minutes));
        }
        if (idle != null && idle.deleteAfterMinutes() != null) {
            int minutes = idle.deleteAfterMinutes();
            done = done.chain(() -> daytona.setAutoDelete(id, minutes));
        }
        return done.chain(() -> daytona.get(id));
    }

    private static boolean maySee(Caller caller, String owner) {
        return caller.isOperator() || owner.equals(caller.userId());
    }

    private static void requireOwner(Caller caller, String owner) {
        if (!owner.equals(caller.userId())) {
            throw new ProblemException(
                    ProblemCode.FORBIDDEN, "Operators may see the sandboxes of others, not use or change them.");
        }
    }

    private Uni<Void> refuseNamesakes(Caller caller, @Nullable String name, String derivedName) {
        if (name == null) {
            return Uni.createFrom().voidItem();
        }
        Map<String, String> labels = new HashMap<>(SandboxLabels.of(caller.userId(), config.environment()));
        labels.put(SandboxLabels.NAME, name);
        return daytona.list(labels, Set.of(), NAMESAKES, null)
                .invoke(page -> {
                    boolean taken = page.items().stream()
                            .anyMatch(sandbox -> !sandbox.name().equals(derivedName)
                                    && SandboxStatus.of(sandbox.state()) != SandboxStatus.DELETING);
                    if (taken) {
                        throw Creation.nameTaken();
                    }
                })
                .replaceWithVoid();
    }

    private Uni<RemoteSandbox> waitFor(RemoteSandbox sandbox, Duration wait, Predicate<SandboxStatus> settled) {
        if (wait.isZero() || settled.test(SandboxStatus.of(sandbox.state()))) {
            return Uni.createFrom().item(sandbox);
        }
        return lifecycle.waitFor(sandbox, wait, now -> settled.test(SandboxStatus.of(now.state())));
    }

    /** What Daytona's refusal of a new sandbox means, where it is the caller who can do something about it. */
    private static ProblemException refusal(DaytonaException failure, @Nullable NewSandboxRequest request) {
        if (failure.kind() != Kind.BAD_REQUEST) {
            return failure;
        }
        String message = failure.upstreamMessage();
        if (message.contains("limit exceeded") || message.contains("exceeds maximum allowed")) {
            return new ProblemException(
                    ProblemCode.QUOTA_EXCEEDED, "The sandbox platform's quota is used up.", null, failure);
        }
        if (message.contains("No available runners")) {
            return new ProblemException(
                    ProblemCode.UPSTREAM_UNAVAILABLE, "The sandbox platform has no free capacity.", null, failure);
        }
        if (request != null && request.snapshot() != null && message.startsWith("Snapshot ")) {
            return ProblemException.invalid("snapshot", "there is no such snapshot that is ready to be used");
        }
        if (request != null && request.resources() != null && message.contains("resources")) {
            return ProblemException.invalid("resources", "must be absent: the snapshot decides them");
        }
        return failure;
    }

    private static boolean isSandboxNotFound(Throwable failure) {
        return failure instanceof ProblemException e && e.code() == ProblemCode.SANDBOX_NOT_FOUND;
    }

    private static ProblemException notFound() {
        return new ProblemException(ProblemCode.SANDBOX_NOT_FOUND, "You have no sandbox with that id.");
    }
}
