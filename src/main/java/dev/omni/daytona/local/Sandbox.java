package dev.omni.daytona.local;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A sandbox as the control plane knows it. Guarded by its {@link SandboxStore}, but for what is volatile or concurrent. */
final class Sandbox {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int DEFAULT_AUTO_STOP_MINUTES = 15;
    private static final int DEFAULT_AUTO_ARCHIVE_MINUTES = 7 * 24 * 60;
    private static final int MAX_AUTO_ARCHIVE_MINUTES = 30 * 24 * 60;

    final String id;
    final Path directory;
    final String toolboxProxyUrl;
    final @Nullable String snapshot;
    final @Nullable JsonObject buildInfo;
    final String user;
    final String target;
    final JsonObject env;
    final JsonArray volumes;
    final Instant createdAt = Instant.now();
    final AtomicInteger openSockets = new AtomicInteger();
    final Map<String, ShellSession> sessions = new ConcurrentHashMap<>();
    final Map<String, Pty> ptys = new ConcurrentHashMap<>();

    String name;
    JsonObject labels;
    Number cpu;
    Number memory;
    Number disk;
    boolean isPublic;
    boolean networkBlockAll;

    @Nullable
    String networkAllowList;

    @Nullable
    String domainAllowList;

    int autoStopInterval;
    int autoArchiveInterval;
    int autoDeleteInterval;

    @Nullable
    String errorReason;

    boolean recoverable;
    Instant updatedAt = createdAt;
    volatile SandboxState state = SandboxState.CREATING;
    volatile Instant lastActivityAt = createdAt;
    volatile String previewToken = newToken();
    volatile @Nullable Container container;
    /** Completes when the sandbox has left its transient state. */
    CompletableFuture<Void> settled = new CompletableFuture<>();

    Sandbox(
            String id,
            Path directory,
            String toolboxProxyUrl,
            JsonObject request,
            @Nullable String snapshot,
            @Nullable JsonObject buildInfo) {
        this.id = id;
        this.directory = directory;
        this.toolboxProxyUrl = toolboxProxyUrl;
        this.snapshot = snapshot;
        this.buildInfo = buildInfo;
        this.name = request.getString("name", id);
        this.user = request.getString("user", "daytona");
        this.target = request.getString("target", "local");
        this.env = request.getJsonObject("env", new JsonObject());
        this.volumes = request.getJsonArray("volumes", new JsonArray());
        this.labels = request.getJsonObject("labels", new JsonObject());
        this.cpu = request.getNumber("cpu", 1);
        this.memory = request.getNumber("memory", 1);
        this.disk = request.getNumber("disk", 3);
        this.isPublic = request.getBoolean("public", false);
        this.networkBlockAll = request.getBoolean("networkBlockAll", false);
        this.networkAllowList = request.getString("networkAllowList");
        this.domainAllowList = request.getString("domainAllowList");
        this.autoStopInterval = autoStop(request.getInteger("autoStopInterval", DEFAULT_AUTO_STOP_MINUTES));
        this.autoArchiveInterval = autoArchive(request.getInteger("autoArchiveInterval", DEFAULT_AUTO_ARCHIVE_MINUTES));
        this.autoDeleteInterval = request.getInteger("autoDeleteInterval", -1);
    }

    static int autoStop(int minutes) {
        if (minutes < 0) {
            throw Refusal.controlPlane(400, "Auto-stop interval must be non-negative");
        }
        return minutes;
    }

    static int autoArchive(int minutes) {
        if (minutes < 0) {
            throw Refusal.controlPlane(400, "Auto-archive interval must be non-negative");
        }
        return minutes == 0 ? MAX_AUTO_ARCHIVE_MINUTES : Math.min(minutes, MAX_AUTO_ARCHIVE_MINUTES);
    }

    /** What its processes find set. */
    Map<String, String> environment(Confinement confinement) {
        Map<String, String> environment = new HashMap<>();
        String path = System.getenv().getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin");
        environment.put("PATH", confinement.bin() + ":" + path);
        environment.put("HOME", confinement.home(directory));
        environment.put("LANG", "C.UTF-8");
        environment.put("DAYTONA_SANDBOX_ID", id);
        environment.put("DAYTONA_SANDBOX_USER", user);
        for (Map.Entry<String, Object> variable : env) {
            // The operating system has no way to say others.
            if (!variable.getKey().isEmpty() && !variable.getKey().contains("=") && variable.getValue() != null) {
                environment.put(variable.getKey(), variable.getValue().toString());
            }
        }
        return environment;
    }

    boolean isEphemeral() {
        return autoDeleteInterval == 0;
    }

    /** Every change of state is an activity. */
    void become(SandboxState next) {
        state = next;
        updatedAt = Instant.now();
        lastActivityAt = updatedAt;
    }

    void renewPreviewToken() {
        previewToken = newToken();
    }

    void touch() {
        lastActivityAt = Instant.now();
    }

    /** What create answers: values that are not there yet are absent. */
    JsonObject fresh() {
        JsonObject json = json();
        for (String key : new String[] {
            "snapshot", "errorReason", "networkAllowList", "domainAllowList", "runnerId", "daemonVersion"
        }) {
            if (json.getValue(key) == null) {
                json.remove(key);
            }
        }
        return json;
    }

    JsonObject json() {
        JsonObject json = listItem()
                .put("env", env.copy())
                .put("networkBlockAll", networkBlockAll)
                .put("networkAllowList", networkAllowList)
                .put("domainAllowList", domainAllowList)
                .put("volumes", volumes.copy());
        if (state == SandboxState.RESTORING) {
            json.put("state", SandboxState.ARCHIVED.wire());
        }
        return buildInfo == null ? json : json.put("buildInfo", buildInfo.copy());
    }

    JsonObject listItem() {
        return new JsonObject()
                .put("id", id)
                .put("organizationId", LocalDaytona.ORGANIZATION)
                .put("name", name)
                .put("target", target)
                .put("snapshot", snapshot)
                .put("user", user)
                .put("cpu", cpu)
                .put("gpu", 0)
                .put("memory", memory)
                .put("disk", disk)
                .put("public", isPublic)
                .put("labels", labels.copy())
                .put("state", state.wire())
                .put("desiredState", state.desired())
                .put("errorReason", errorReason)
                .put("recoverable", recoverable)
                .put("backupState", "None")
                .put("autoStopInterval", autoStopInterval)
                .put("autoArchiveInterval", autoArchiveInterval)
                .put("autoDeleteInterval", autoDeleteInterval)
                .put("sandboxClass", "container")
                .put("createdAt", Wire.time(createdAt))
                .put("updatedAt", Wire.time(updatedAt))
                .put("lastActivityAt", Wire.time(lastActivityAt))
                .put("daemonVersion", state == SandboxState.STARTED ? LocalDaytona.VERSION : null)
                .put("runnerId", state == SandboxState.ARCHIVED ? null : LocalDaytona.RUNNER)
                .put("toolboxProxyUrl", toolboxProxyUrl);
    }

    private static String newToken() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
