package dev.omni.daytona.local;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The snapshots and their life. */
final class SnapshotStore {
    private static final Pattern NAME =
            Pattern.compile("[A-Za-z0-9_.:-]+(?:/[A-Za-z0-9_.:-]+)*(?:@sha256:[a-f0-9]{64})?");

    private final Map<String, Snapshot> byId = new LinkedHashMap<>();
    private final Set<String> builtRefs = new HashSet<>();
    private final ScheduledExecutorService timer;
    private final Duration delay;

    SnapshotStore(ScheduledExecutorService timer, Duration delay) {
        this.timer = timer;
        this.delay = delay;
        Snapshot general = new Snapshot(
                LocalDaytona.DEFAULT_SNAPSHOT,
                true,
                new JsonObject().put("imageName", "docker.io/" + LocalDaytona.DEFAULT_SNAPSHOT));
        general.become(Snapshot.State.ACTIVE);
        byId.put(general.id, general);
    }

    synchronized JsonObject create(JsonObject request) {
        String name = request.getString("name", "");
        if (!NAME.matcher(name).matches()) {
            throw Refusal.controlPlane(
                    400, "Invalid snapshot name format. May contain letters, digits, dots, colons, slashes and dashes");
        }
        JsonObject buildInfo = Dockerfiles.buildInfo(request);
        String image = request.getString("imageName");
        if (buildInfo == null) {
            requireUsableImage(image);
        } else if (image != null || request.getJsonArray("entrypoint") != null) {
            throw Refusal.controlPlane(400, "Cannot specify an image name or entrypoint when using build info");
        }
        if (byId.values().stream().anyMatch(snapshot -> snapshot.name.equals(name))) {
            throw Refusal.controlPlane(409, "Snapshot with name \"" + name + "\" already exists for this organization");
        }
        Snapshot snapshot = new Snapshot(name, false, request);
        byId.put(snapshot.id, snapshot);
        if (buildInfo != null && builtRefs.contains(Dockerfiles.ref(buildInfo))) {
            snapshot.become(Snapshot.State.ACTIVE);
        } else {
            make(snapshot);
        }
        return snapshot.json();
    }

    synchronized JsonObject get(String idOrName) {
        return find(idOrName).json();
    }

    /** Pages count from 1. Without a sort, the last used first, and the general ones last. */
    synchronized JsonObject list(int page, int limit, @Nullable String namePart, String sort, boolean ascending) {
        Comparator<Snapshot> order = Comparator.comparing(snapshot -> snapshot.general);
        Comparator<Snapshot> bySort = Comparator.comparing(snapshot -> sortKey(snapshot, sort));
        List<Snapshot> all = byId.values().stream()
                .filter(snapshot -> namePart == null || snapshot.name.contains(namePart))
                .sorted(order.thenComparing(ascending ? bySort : bySort.reversed()))
                .toList();
        JsonArray items = new JsonArray();
        all.stream().skip((page - 1L) * limit).limit(limit).forEach(snapshot -> items.add(snapshot.json()));
        return new JsonObject()
                .put("items", items)
                .put("total", all.size())
                .put("page", page)
                .put("totalPages", (all.size() + limit - 1) / limit);
    }

    synchronized void delete(String id) {
        Snapshot snapshot = byUuid(id);
        if (snapshot.general) {
            throw Refusal.controlPlane(403, "General snapshots cannot be deleted");
        }
        snapshot.become(Snapshot.State.REMOVING);
        after(delay, () -> byId.remove(snapshot.id));
    }

    synchronized JsonObject activate(String id) {
        Snapshot snapshot = byUuid(id);
        if (snapshot.state != Snapshot.State.INACTIVE) {
            throw Refusal.controlPlane(400, "Snapshot " + id + " cannot be activated - it is not inactive");
        }
        make(snapshot);
        return snapshot.json();
    }

    synchronized void deactivate(String id) {
        Snapshot snapshot = byUuid(id);
        if (snapshot.state == Snapshot.State.ACTIVE) {
            snapshot.become(Snapshot.State.INACTIVE);
        }
    }

    /** The name of a snapshot that a sandbox may be created from. */
    synchronized String usable(@Nullable String idOrName) {
        String wanted = idOrName == null ? LocalDaytona.DEFAULT_SNAPSHOT : idOrName;
        Snapshot snapshot = byId.values().stream()
                .filter(candidate -> candidate.id.equals(wanted) || candidate.name.equals(wanted))
                .findFirst()
                .orElseThrow(() -> Refusal.controlPlane(
                        400, "Snapshot " + wanted + " not found. Did you add it through the Daytona Dashboard?"));
        if (snapshot.state != Snapshot.State.ACTIVE) {
            throw Refusal.controlPlane(400, "Snapshot " + wanted + " is " + snapshot.state.wire());
        }
        return snapshot.name;
    }

    synchronized boolean isBuilt(String ref) {
        return builtRefs.contains(ref);
    }

    synchronized void built(String ref) {
        builtRefs.add(ref);
    }

    /** What {@link #get} would find, as it is now. */
    synchronized Build build(String id) {
        Snapshot snapshot = find(id);
        if (snapshot.buildInfo == null) {
            throw Refusal.controlPlane(404, "Snapshot " + id + " has no build info");
        }
        return new Build(snapshot.buildInfo, snapshot.state != Snapshot.State.PENDING, snapshot.state);
    }

    /** A build and how far it is. */
    record Build(JsonObject buildInfo, boolean hasLog, Snapshot.State state) {}

    private void make(Snapshot snapshot) {
        snapshot.become(Snapshot.State.PENDING);
        JsonObject buildInfo = snapshot.buildInfo;
        String failure = buildInfo == null ? null : Dockerfiles.failure(buildInfo);
        after(delay, () -> {
            if (snapshot.state == Snapshot.State.REMOVING) {
                return;
            }
            snapshot.become(buildInfo == null ? Snapshot.State.PULLING : Snapshot.State.BUILDING);
            after(delay, () -> {
                if (snapshot.state == Snapshot.State.REMOVING) {
                    return;
                }
                if (failure != null) {
                    snapshot.errorReason = failure;
                    snapshot.become(Snapshot.State.BUILD_FAILED);
                } else {
                    if (buildInfo != null) {
                        builtRefs.add(Dockerfiles.ref(buildInfo));
                    }
                    snapshot.become(Snapshot.State.ACTIVE);
                }
            });
        });
    }

    private void after(Duration wait, Runnable change) {
        ScheduledFuture<?> unused = timer.schedule(
                () -> {
                    synchronized (this) {
                        change.run();
                    }
                },
                wait.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private Snapshot find(String idOrName) {
        return byId.values().stream()
                .filter(snapshot -> snapshot.id.equals(idOrName) || snapshot.name.equals(idOrName))
                .findFirst()
                .orElseThrow(() -> Refusal.controlPlane(404, "Snapshot with ID or name " + idOrName + " not found"));
    }

    private Snapshot byUuid(String id) {
        if (!id.matches("[0-9a-fA-F-]{36}")) {
            throw Refusal.controlPlane(400, "Validation failed (uuid is expected)");
        }
        Snapshot snapshot = byId.get(id);
        if (snapshot == null) {
            throw Refusal.controlPlane(404, "Snapshot with ID " + id + " not found");
        }
        return snapshot;
    }

    private static void requireUsableImage(@Nullable String image) {
        if (image == null || image.isBlank()) {
            throw Refusal.controlPlane(400, "Must specify an image name or build info");
        }
        String last = image.substring(image.lastIndexOf('/') + 1);
        if (!last.contains(":") && !last.contains("@")) {
            throw Refusal.controlPlane(400, "Image name must include a tag or digest");
        }
        if (last.toLowerCase(Locale.ROOT).endsWith(":latest")) {
            throw Refusal.controlPlane(400, "Images with tag \":latest\" are not allowed");
        }
    }

    private static String sortKey(Snapshot snapshot, String sort) {
        return switch (sort) {
            case "name" -> snapshot.name;
            case "state" -> snapshot.state.wire();
            case "createdAt" -> Wire.time(snapshot.createdAt);
            default -> snapshot.lastUsedAt == null ? "" : Wire.time(snapshot.lastUsedAt);
        };
    }
}
