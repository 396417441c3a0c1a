package dev.omni.daytona.local;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A snapshot. Guarded by its {@link SnapshotStore}. */
final class Snapshot {
    final String id = UUID.randomUUID().toString();
    final String name;
    final boolean general;
    final @Nullable String imageName;
    final @Nullable JsonObject buildInfo;
    final @Nullable JsonArray entrypoint;
    final Number cpu;
    final Number memory;
    final Number disk;
    final Instant createdAt = Instant.now();
    State state = State.PENDING;
    Instant updatedAt = createdAt;

    @Nullable
    Instant lastUsedAt;

    @Nullable
    String errorReason;

    enum State {
        PENDING,
        PULLING,
        BUILDING,
        ACTIVE,
        INACTIVE,
        ERROR,
        BUILD_FAILED,
        REMOVING;

        String wire() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    Snapshot(String name, boolean general, JsonObject request) {
        this.name = name;
        this.general = general;
        this.imageName = request.getString("imageName");
        this.buildInfo = request.getJsonObject("buildInfo");
        this.entrypoint = request.getJsonArray("entrypoint");
        this.cpu = request.getNumber("cpu", 1);
        this.memory = request.getNumber("memory", 1);
        this.disk = request.getNumber("disk", 3);
    }

    void become(State next) {
        state = next;
        updatedAt = Instant.now();
        if (next == State.ACTIVE) {
            lastUsedAt = updatedAt;
        }
    }

    JsonObject json() {
        JsonObject json = new JsonObject()
                .put("id", id)
                .put("organizationId", LocalDaytona.ORGANIZATION)
                .put("general", general)
                .put("name", name)
                .put("imageName", imageName == null ? "" : imageName)
                .put("state", state.wire())
                .put("size", state == State.ACTIVE ? 0.5 : null)
                .put("entrypoint", entrypoint)
                .put("cpu", cpu)
                .put("gpu", 0)
                .put("mem", memory)
                .put("disk", disk)
                .put("errorReason", errorReason)
                .put("createdAt", Wire.time(createdAt))
                .put("updatedAt", Wire.time(updatedAt))
                .put("lastUsedAt", lastUsedAt == null ? null : Wire.time(lastUsedAt))
                .put("initialRunnerId", LocalDaytona.RUNNER)
                .put("ref", "daytona-" + id + ":daytona")
                .put("sandboxClass", "container");
        return buildInfo == null ? json : json.put("buildInfo", buildInfo.copy());
    }
}
