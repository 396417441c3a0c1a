package dev.omni.daytona.local;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The control plane's calls for sandboxes. */
final class SandboxRoutes {
    private static final int MAX_LIMIT = 200;
    private static final int MAX_SIGNED_SECONDS = 86_400;
    /** States of the real Daytona that sandboxes here are never in; asking for them is no mistake. */
    private static final Set<String> OTHER_STATES = Set.of(
            "unknown", "pulling_snapshot", "resizing", "snapshotting", "forking", "pausing", "paused", "resuming");

    private static final Set<String> SORTS =
            Set.of("name", "cpu", "memoryGib", "diskGib", "lastActivityAt", "createdAt");

    private final SandboxStore sandboxes;
    private final Guard guard;
    private final String origin;

    /** @param origin the scheme, host and port of this Daytona */
    SandboxRoutes(SandboxStore sandboxes, Guard guard, String origin) {
        this.sandboxes = sandboxes;
        this.guard = guard;
        this.origin = origin;
    }

    void register(Routes routes) {
        add(routes, HttpMethod.POST, "", Operation.CREATE_SANDBOX, this::create);
        add(routes, HttpMethod.GET, "", Operation.LIST_SANDBOXES, this::list);
        add(routes, HttpMethod.GET, "/:id", Operation.GET_SANDBOX, e -> Reply.ok(sandboxes.get(e.path("id"))));
        add(routes, HttpMethod.DELETE, "/:id", Operation.DELETE_SANDBOX, e -> Reply.ok(sandboxes.delete(e.path("id"))));
        add(
                routes,
                HttpMethod.POST,
                "/:id/start",
                Operation.START_SANDBOX,
                e -> Reply.ok(sandboxes.start(e.path("id"), e.fault())));
        add(routes, HttpMethod.POST, "/:id/stop", Operation.STOP_SANDBOX, e -> Reply.ok(sandboxes.stop(e.path("id"))));
        add(
                routes,
                HttpMethod.POST,
                "/:id/archive",
                Operation.ARCHIVE_SANDBOX,
                e -> Reply.ok(sandboxes.archive(e.path("id"))));
        add(
                routes,
                HttpMethod.POST,
                "/:id/recover",
                Operation.RECOVER_SANDBOX,
                e -> Reply.ok(sandboxes.recover(e.path("id"))));
        add(routes, HttpMethod.PUT, "/:id/labels", Operation.UPDATE_SANDBOX, this::labels);
        interval(routes, "autostop", (sandbox, value) -> sandbox.autoStopInterval = Sandbox.autoStop(value));
        interval(routes, "autoarchive", (sandbox, value) -> sandbox.autoArchiveInterval = Sandbox.autoArchive(value));
        interval(routes, "autodelete", (sandbox, value) -> sandbox.autoDeleteInterval = value);
        add(routes, HttpMethod.POST, "/:id/public/:value", Operation.UPDATE_SANDBOX, this::visibility);
        add(routes, HttpMethod.POST, "/:id/network-settings", Operation.UPDATE_SANDBOX, this::network);
        add(routes, HttpMethod.POST, "/:id/last-activity", Operation.TOUCH_SANDBOX, this::touch);
        add(routes, HttpMethod.GET, "/:id/ports/:port/preview-url", Operation.PREVIEW_URL, this::preview);
        add(routes, HttpMethod.GET, "/:id/ports/:port/signed-preview-url", Operation.PREVIEW_URL, this::signedPreview);
        add(
                routes,
                HttpMethod.POST,
                "/:id/ports/:port/signed-preview-url/:token/expire",
                Operation.PREVIEW_URL,
                this::expire);
        add(
                routes,
                HttpMethod.GET,
                "/:id/toolbox-proxy-url",
                Operation.GET_SANDBOX,
                e -> Reply.ok(
                        new JsonObject().put("url", sandboxes.get(e.path("id")).getString("toolboxProxyUrl"))));
    }

    private void add(Routes routes, HttpMethod method, String path, Operation operation, Routes.Handler handler) {
        routes.add(method, "/api/sandbox" + path, operation, exchange -> {
            guard.requireKey(exchange);
            return handler.handle(exchange);
        });
    }

    private void interval(Routes routes, String name, BiConsumer<Sandbox, Integer> set) {
        add(routes, HttpMethod.POST, "/:id/" + name + "/:minutes", Operation.UPDATE_SANDBOX, exchange -> {
            int minutes = integer(exchange.path("minutes"), "numeric string is expected");
            return new Reply.Json(201, sandboxes.update(exchange.path("id"), sandbox -> set.accept(sandbox, minutes)));
        });
    }

    private Reply create(Exchange exchange) throws IOException, InterruptedException {
        JsonObject request = exchange.json(Refusal.malformedJson());
        try {
            return Reply.ok(sandboxes.create(request, exchange.fault()));
        } catch (ClassCastException e) {
            throw Refusal.controlPlane(400, "A field of the request has the wrong type");
        }
    }

    private Reply list(Exchange exchange) {
        int limit = integer(exchange.query("limit", "100"), "limit must be an integer number");
        if (limit < 1 || limit > MAX_LIMIT) {
            throw Refusal.controlPlane(
                    400, limit < 1 ? "limit must not be less than 1" : "limit must not be greater than 200");
        }
        String sort = exchange.query("sort", "lastActivityAt");
        if (!SORTS.contains(sort)) {
            throw Refusal.controlPlane(400, "sort must be one of the following values: " + String.join(", ", SORTS));
        }
        String cursor = exchange.query("cursor");
        ListPage page = new ListPage(
                cursor == null ? null : Position.of(cursor), limit, "asc".equals(exchange.query("order", "desc")));
        return Reply.ok(sandboxes.list(filter(exchange), position(sort), page));
    }

    private static Predicate<JsonObject> filter(Exchange exchange) {
        Set<String> states = exchange.queries("states").stream().collect(Collectors.toSet());
        if (!states.stream()
                .allMatch(state ->
                        OTHER_STATES.contains(state) || SandboxState.of(state).isPresent())) {
            throw Refusal.controlPlane(400, "each value in states must be one of the valid values");
        }
        List<String> snapshots = exchange.queries("snapshots");
        JsonObject labels = labels(exchange.query("labels"));
        String id = exchange.query("id", "").toLowerCase(Locale.ROOT);
        String name = exchange.query("name", "").toLowerCase(Locale.ROOT);
        String isPublic = exchange.query("isPublic");
        return item -> (states.isEmpty() || states.contains(item.getString("state")))
                && (snapshots.isEmpty() || snapshots.contains(item.getString("snapshot")))
                && labels.stream()
                        .allMatch(label -> label.getValue()
                                .equals(item.getJsonObject("labels").getValue(label.getKey())))
                && item.getString("id").toLowerCase(Locale.ROOT).startsWith(id)
                && item.getString("name").toLowerCase(Locale.ROOT).startsWith(name)
                && (isPublic == null || item.getBoolean("public") == Boolean.parseBoolean(isPublic));
    }

    private static JsonObject labels(@Nullable String json) {
        try {
            return json == null ? new JsonObject() : new JsonObject(json);
        } catch (DecodeException e) {
            throw Refusal.controlPlane(400, "Invalid labels JSON format");
        }
    }

    private static Function<JsonObject, Position> position(String sort) {
        return item -> {
            String key = switch (sort) {
                case "memoryGib" -> number(item, "memory");
                case "diskGib" -> number(item, "disk");
                case "cpu" -> number(item, "cpu");
                default -> item.getString(sort);
            };
            return new Position(key, item.getString("id"));
        };
    }

    private static String number(JsonObject item, String field) {
        return String.format(Locale.ROOT, "%012.3f", item.getDouble(field));
    }

    private Reply labels(Exchange exchange) {
        JsonObject labels = exchange.json(Refusal.malformedJson()).getJsonObject("labels");
        if (labels == null) {
            throw Refusal.controlPlane(400, "labels must be an object");
        }
        return Reply.ok(sandboxes.update(exchange.path("id"), sandbox -> sandbox.labels = labels));
    }

    private Reply visibility(Exchange exchange) {
        boolean value = Boolean.parseBoolean(exchange.path("value"));
        return new Reply.Json(201, sandboxes.update(exchange.path("id"), sandbox -> sandbox.isPublic = value));
    }

    private Reply network(Exchange exchange) {
        Map<String, Object> settings = exchange.json(Refusal.malformedJson()).getMap();
        if (settings.keySet().stream()
                .noneMatch(Set.of("networkBlockAll", "networkAllowList", "domainAllowList")::contains)) {
            throw Refusal.controlPlane(400, "At least one network setting must be provided");
        }
        return Reply.ok(sandboxes.update(exchange.path("id"), sandbox -> {
            if (settings.get("networkAllowList") instanceof String list) {
                sandbox.networkAllowList = list.isEmpty() ? null : list;
                sandbox.networkBlockAll = false;
            }
            if (settings.get("domainAllowList") instanceof String list) {
                sandbox.domainAllowList = list.isEmpty() ? null : list;
                sandbox.networkBlockAll = false;
            }
            if (settings.get("networkBlockAll") instanceof Boolean block) {
                sandbox.networkBlockAll = block;
                sandbox.networkAllowList = block ? null : sandbox.networkAllowList;
            }
        }));
    }

    private Reply touch(Exchange exchange) {
        sandboxes.touch(exchange.path("id"));
        return new Reply.Empty(201);
    }

    private Reply preview(Exchange exchange) {
        int port = port(exchange);
        Sandbox sandbox = named(exchange);
        return Reply.ok(new JsonObject()
                .put("sandboxId", sandbox.id)
                .put("url", previewUrl(port, sandbox.id))
                .put("token", sandbox.previewToken));
    }

    private Reply signedPreview(Exchange exchange) {
        int port = port(exchange);
        int seconds = integer(exchange.query("expiresInSeconds", "60"), "expiresInSeconds must be a number");
        if (seconds < 1 || seconds > MAX_SIGNED_SECONDS) {
            throw Refusal.controlPlane(400, "expiresInSeconds must be between 1 second and 24 hours");
        }
        Sandbox sandbox = named(exchange);
        String token = ThreadLocalRandom.current()
                .ints(16, 'a', 'z' + 1)
                .mapToObj(Character::toString)
                .collect(Collectors.joining());
        return Reply.ok(new JsonObject()
                .put("sandboxId", sandbox.id)
                .put("port", port)
                .put("token", token)
                .put("url", previewUrl(port, token)));
    }

    private Reply expire(Exchange exchange) {
        port(exchange);
        named(exchange);
        return new Reply.Empty(201);
    }

    private Sandbox named(Exchange exchange) {
        String id = sandboxes.get(exchange.path("id")).getString("id");
        Sandbox sandbox = sandboxes.byId(id);
        if (sandbox == null) {
            throw Refusal.controlPlane(404, "Sandbox with ID or name " + id + " not found");
        }
        return sandbox;
    }

    /** Daytona gives each port of a sandbox a host name; names below localhost need no name server. */
    private String previewUrl(int port, String host) {
        return origin.replace("//127.0.0.1", "//" + port + "-" + host + ".localhost");
    }

    private static int port(Exchange exchange) {
        int port = integer(exchange.path("port"), "Invalid port");
        if (port < 1 || port > 65_535) {
            throw Refusal.controlPlane(400, "Invalid port");
        }
        return port;
    }

    private static int integer(String text, String otherwise) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw Refusal.controlPlane(400, "Validation failed (" + otherwise + ")");
        }
    }
}
