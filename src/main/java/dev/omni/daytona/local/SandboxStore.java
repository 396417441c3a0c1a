package dev.omni.daytona.local;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The sandboxes and their life.
 *
 * <pre>
 * (pending_build → building_snapshot →) creating → started ⇄ stopping/starting ⇄ stopped → archiving → archived → restoring → started
 * building_snapshot → build_failed;  creating, starting → error;  what is not busy → destroying → gone
 * </pre>
 */
final class SandboxStore {
    private static final Logger LOG = Logger.getLogger(SandboxStore.class);
    /** Long enough to be seen by a client that polls. */
    private static final Duration WIND_DOWN = Duration.ofMillis(150);
    /** How long Daytona holds a call that waits for a sandbox. */
    private static final int MAX_WAIT_SECONDS = 30;

    private final Map<String, Sandbox> byId = new LinkedHashMap<>();
    private final SnapshotStore snapshots;
    private final LocalDaytonaOptions options;
    private final Path base;
    private final Confinement confinement;
    private volatile String toolboxProxyUrl;
    private final Threads threads;

    SandboxStore(
            SnapshotStore snapshots,
            LocalDaytonaOptions options,
            Path base,
            Confinement confinement,
            String toolboxProxyUrl,
            Threads threads) {
        this.snapshots = snapshots;
        this.options = options;
        this.base = base;
        this.confinement = confinement;
        this.toolboxProxyUrl = toolboxProxyUrl;
        this.threads = threads;
    }

    JsonObject create(JsonObject request, @Nullable Fault fault) throws InterruptedException {
        Sandbox sandbox = insert(request);
        if (fault instanceof Fault.FailedStart failure) {
            fail(sandbox, failure);
            throw Refusal.controlPlane(400, "Sandbox failed to start: " + failure.reason());
        }
        JsonObject answer;
        synchronized (this) {
            answer = sandbox.fresh();
        }
        if (sandbox.state == SandboxState.CREATING && options.warmPool) {
            boot(sandbox);
            synchronized (this) {
                return sandbox.fresh();
            }
        }
        if (sandbox.buildInfo != null && sandbox.state == SandboxState.PENDING_BUILD) {
            build(sandbox, sandbox.buildInfo);
        } else {
            after(options.startDelay, () -> boot(sandbox));
        }
        return answer;
    }

    private synchronized Sandbox insert(JsonObject request) {
        JsonObject buildInfo = Dockerfiles.buildInfo(request);
        String snapshot = request.getString("snapshot");
        if (buildInfo != null && snapshot != null) {
            throw Refusal.controlPlane(400, "Cannot specify a snapshot when using build info");
        }
        if (buildInfo == null && (isSet(request, "cpu") || isSet(request, "memory") || isSet(request, "disk"))) {
            throw Refusal.controlPlane(400, "Cannot specify Sandbox resources when using a snapshot");
        }
        String usable = buildInfo == null ? snapshots.usable(snapshot) : null;
        String id = UUID.randomUUID().toString();
        String name = request.getString("name", id);
        if (byName(name) != null) {
            throw Refusal.controlPlane(409, "Sandbox with name " + name + " already exists");
        }
        JsonObject built = null;
        if (buildInfo != null) {
            String now = Wire.now();
            built = buildInfo
                    .copy()
                    .put("snapshotRef", Dockerfiles.ref(buildInfo))
                    .put("createdAt", now)
                    .put("updatedAt", now);
        }
        Sandbox sandbox =
                new Sandbox(id, base.resolve("sandboxes").resolve(id), toolboxProxyUrl, request, usable, built);
        if (built != null && !snapshots.isBuilt(built.getString("snapshotRef"))) {
            sandbox.become(SandboxState.PENDING_BUILD);
        }
        byId.put(id, sandbox);
        return sandbox;
    }

    synchronized JsonObject get(String idOrName) {
        return find(idOrName).json();
    }

    /** Where the toolboxes of sandboxes made from now on are. */
    void placeToolboxes(String toolboxProxyUrl) {
        this.toolboxProxyUrl = toolboxProxyUrl;
    }

    /** The sandbox itself, for the toolbox. */
    synchronized @Nullable Sandbox byId(String id) {
        return byId.get(id);
    }

    /** Those that match, in the order of their positions. */
    synchronized JsonObject list(Predicate<JsonObject> filter, Function<JsonObject, Position> position, ListPage page) {
        List<JsonObject> all = byId.values().stream()
                .map(sandbox -> sandbox.listItem())
                .filter(filter)
                .sorted((a, b) -> page.compare(position.apply(a), position.apply(b)))
                .filter(item -> page.after() == null || page.compare(position.apply(item), page.after()) > 0)
                .toList();
        List<JsonObject> items = all.subList(0, Math.min(page.limit(), all.size()));
        String next =
                items.size() < all.size() ? position.apply(items.getLast()).cursor() : null;
        return new JsonObject()
                .put("items", new JsonArray(new ArrayList<>(items)))
                .put("nextCursor", next);
    }

    /** Changes what may be changed at any time. */
    synchronized JsonObject update(String idOrName, Consumer<Sandbox> change) {
        Sandbox sandbox = find(idOrName);
        change.accept(sandbox);
        sandbox.updatedAt = Instant.now();
        return sandbox.json();
    }

    synchronized void touch(String id) {
        Sandbox sandbox = byId.get(id);
        if (sandbox == null) {
            throw Refusal.controlPlane(404, "Sandbox with ID or name " + id + " not found");
        }
        sandbox.touch();
    }

    JsonObject start(String idOrName, @Nullable Fault fault) throws InterruptedException {
        Sandbox sandbox;
        boolean wait;
        synchronized (this) {
            sandbox = find(idOrName);
            if (sandbox.state == SandboxState.STARTED) {
                return sandbox.json();
            }
            if (sandbox.state.isFailed()) {
                throw Refusal.controlPlane(400, "Sandbox is in an errored state");
            }
            if (sandbox.state.isBusy()) {
                throw Refusal.controlPlane(409, "Sandbox state change in progress");
            }
            wait = sandbox.state != SandboxState.ARCHIVED;
            sandbox.settled = new CompletableFuture<>();
            sandbox.become(wait ? SandboxState.STARTING : SandboxState.RESTORING);
        }
        if (fault instanceof Fault.FailedStart failure) {
            fail(sandbox, failure);
            throw Refusal.controlPlane(400, "Sandbox failed to start: " + failure.reason());
        }
        after(options.startDelay, () -> boot(sandbox));
        return wait ? awaitStarted(sandbox) : get(sandbox.id);
    }

    JsonObject recover(String idOrName) throws InterruptedException {
        Sandbox sandbox;
        synchronized (this) {
            sandbox = find(idOrName);
            if (sandbox.state != SandboxState.ERROR || !sandbox.recoverable) {
                throw Refusal.controlPlane(400, "Sandbox is not in a recoverable state");
            }
            sandbox.errorReason = null;
            sandbox.recoverable = false;
            sandbox.settled = new CompletableFuture<>();
            sandbox.become(SandboxState.STARTING);
        }
        after(options.startDelay, () -> boot(sandbox));
        return awaitStarted(sandbox);
    }

    synchronized JsonObject stop(String idOrName) {
        Sandbox sandbox = find(idOrName);
        if (sandbox.state.isBusy()) {
            throw Refusal.controlPlane(409, "Sandbox state change in progress");
        }
        if (sandbox.state != SandboxState.STARTED) {
            throw Refusal.controlPlane(400, "Sandbox is not in a stoppable state");
        }
        if (sandbox.isEphemeral()) {
            destroy(sandbox);
        } else {
            sandbox.become(SandboxState.STOPPING);
            threads.requests().execute(() -> {
                shutDown(sandbox);
                after(WIND_DOWN, () -> become(sandbox, SandboxState.STOPPED));
            });
        }
        return sandbox.json();
    }

    synchronized JsonObject archive(String idOrName) {
        Sandbox sandbox = find(idOrName);
        if (sandbox.state.isBusy()) {
            throw Refusal.controlPlane(409, "Sandbox state change in progress");
        }
        if (sandbox.state != SandboxState.STOPPED || sandbox.isEphemeral()) {
            throw Refusal.controlPlane(400, "Sandbox is not in a stopped state or is ephemeral");
        }
        sandbox.become(SandboxState.ARCHIVING);
        after(WIND_DOWN, () -> become(sandbox, SandboxState.ARCHIVED));
        return sandbox.json();
    }

    synchronized JsonObject delete(String idOrName) {
        Sandbox sandbox = find(idOrName);
        if (sandbox.state.isBusy()) {
            throw Refusal.controlPlane(409, "Sandbox state change in progress");
        }
        destroy(sandbox);
        return sandbox.json();
    }

    synchronized List<Sandbox> all() {
        return List.copyOf(byId.values());
    }

    void close() {
        List<Sandbox> all;
        synchronized (this) {
            all = List.copyOf(byId.values());
            byId.clear();
        }
        all.forEach(this::shutDown);
    }

    private JsonObject awaitStarted(Sandbox sandbox) throws InterruptedException {
        try {
            sandbox.settled.get(MAX_WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            LOG.debugf("Sandbox %s takes its time", sandbox.id);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
        synchronized (this) {
            if (sandbox.state == SandboxState.ERROR) {
                throw Refusal.controlPlane(400, "Sandbox failed to start: " + sandbox.errorReason);
            }
            return sandbox.json();
        }
    }

    private void build(Sandbox sandbox, JsonObject buildInfo) {
        String failure = Dockerfiles.failure(buildInfo);
        after(options.snapshotDelay, () -> {
            become(sandbox, SandboxState.BUILDING_SNAPSHOT);
            after(options.snapshotDelay, () -> {
                if (failure == null) {
                    snapshots.built(buildInfo.getString("snapshotRef"));
                    become(sandbox, SandboxState.CREATING);
                    after(options.startDelay, () -> boot(sandbox));
                } else {
                    synchronized (this) {
                        sandbox.errorReason = failure;
                        become(sandbox, SandboxState.BUILD_FAILED);
                    }
                }
            });
        });
    }

    private void boot(Sandbox sandbox) {
        try {
            Container container = Container.boot(
                    sandbox.directory,
                    confinement,
                    sandbox.environment(confinement),
                    threads.starter(),
                    threads.pipes());
            if (options.standInClaude) {
                StandIns.addToProfile(sandbox.directory.resolve("home"), confinement);
            }
            synchronized (this) {
                if (byId.containsKey(sandbox.id) && sandbox.state.isBooting()) {
                    sandbox.container = container;
                    sandbox.renewPreviewToken();
                    become(sandbox, SandboxState.STARTED);
                    return;
                }
            }
            container.close();
        } catch (IOException e) {
            LOG.warnf(e, "Sandbox %s does not start", sandbox.id);
            fail(sandbox, new Fault.FailedStart(String.valueOf(e.getMessage()), true));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void fail(Sandbox sandbox, Fault.FailedStart failure) {
        sandbox.errorReason = failure.reason();
        sandbox.recoverable = failure.recoverable();
        become(sandbox, SandboxState.ERROR);
    }

    private synchronized void become(Sandbox sandbox, SandboxState state) {
        if (sandbox.state == SandboxState.DESTROYING) {
            return;
        }
        sandbox.become(state);
        if (!state.isBusy()) {
            sandbox.settled.complete(null);
        }
    }

    /** The name is free at once. A failed sandbox is gone at once, others after a moment. */
    private void destroy(Sandbox sandbox) {
        sandbox.name = "DESTROYED_" + sandbox.name + "_" + System.currentTimeMillis();
        boolean failed = sandbox.state.isFailed();
        sandbox.become(SandboxState.DESTROYING);
        if (failed) {
            byId.remove(sandbox.id);
        }
        threads.requests().execute(() -> {
            shutDown(sandbox);
            after(WIND_DOWN, () -> {
                synchronized (this) {
                    byId.remove(sandbox.id);
                }
                deleteFiles(sandbox);
            });
        });
    }

    private void shutDown(Sandbox sandbox) {
        Container container = sandbox.container;
        sandbox.container = null;
        if (container != null) {
            container.close();
        }
        sandbox.sessions.clear();
        sandbox.ptys.clear();
    }

    private static void deleteFiles(Sandbox sandbox) {
        try {
            if (Files.exists(sandbox.directory)) {
                Trees.delete(sandbox.directory);
            }
        } catch (IOException e) {
            LOG.warnf("Files of sandbox %s stay: %s", sandbox.id, e.getMessage());
        }
    }

    private void after(Duration delay, Runnable change) {
        ScheduledFuture<?> unused = threads.timer()
                .schedule(() -> threads.requests().execute(change), delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    private Sandbox find(String idOrName) {
        Sandbox sandbox = byId.get(idOrName);
        if (sandbox == null) {
            sandbox = byName(idOrName);
        }
        if (sandbox == null) {
            throw Refusal.controlPlane(404, "Sandbox with ID or name " + idOrName + " not found");
        }
        return sandbox;
    }

    private @Nullable Sandbox byName(String name) {
        return byId.values().stream()
                .filter(sandbox -> sandbox.name.equals(name) && sandbox.state != SandboxState.DESTROYING)
                .findFirst()
                .orElse(null);
    }

    private static boolean isSet(JsonObject request, String field) {
        Number value = request.getNumber(field);
        return value != null && value.doubleValue() != 0;
    }
}
