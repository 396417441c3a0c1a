package dev.omni.daytona.local;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** The control plane's calls for snapshots, and the proxy's stream of a build's log. */
final class SnapshotRoutes {
    private static final int MAX_LIMIT = 200;
    private static final int IMAGE_CHECK_MILLIS = 250;
    private static final int LAST_LINES_MILLIS = 1000;

    private final SnapshotStore snapshots;
    private final Guard guard;
    private final String origin;

    SnapshotRoutes(SnapshotStore snapshots, Guard guard, String origin) {
        this.snapshots = snapshots;
        this.guard = guard;
        this.origin = origin;
    }

    void register(Routes routes) {
        add(routes, HttpMethod.POST, "/api/snapshots", Operation.CREATE_SNAPSHOT, this::create);
        add(routes, HttpMethod.GET, "/api/snapshots", Operation.LIST_SNAPSHOTS, this::list);
        add(routes, HttpMethod.GET, "/api/snapshots/:id/build-logs-url", Operation.BUILD_LOGS, this::buildLogsUrl);
        add(
                routes,
                HttpMethod.POST,
                "/api/snapshots/:id/activate",
                Operation.UPDATE_SNAPSHOT,
                e -> Reply.ok(snapshots.activate(e.path("id"))));
        add(routes, HttpMethod.POST, "/api/snapshots/:id/deactivate", Operation.UPDATE_SNAPSHOT, e -> {
            snapshots.deactivate(e.path("id"));
            return new Reply.Empty(204);
        });
        add(routes, HttpMethod.DELETE, "/api/snapshots/:id", Operation.DELETE_SNAPSHOT, e -> {
            snapshots.delete(e.path("id"));
            return new Reply.Empty(200);
        });
        // A snapshot's name may contain slashes, so this comes after the other routes.
        add(
                routes,
                HttpMethod.GET,
                "/api/snapshots/*",
                Operation.GET_SNAPSHOT,
                e -> Reply.ok(snapshots.get(e.path("*"))));
        add(routes, HttpMethod.GET, "/snapshots/:id/build-logs", Operation.BUILD_LOGS, this::buildLogs);
    }

    private void add(Routes routes, HttpMethod method, String path, Operation operation, Routes.Handler handler) {
        routes.add(method, path, operation, exchange -> {
            guard.requireKey(exchange);
            return handler.handle(exchange);
        });
    }

    private Reply create(Exchange exchange) {
        try {
            return Reply.ok(snapshots.create(exchange.json(Refusal.malformedJson())));
        } catch (ClassCastException e) {
            throw Refusal.controlPlane(400, "A field of the request has the wrong type");
        }
    }

    private Reply list(Exchange exchange) {
        int page = positive(exchange, "page", "1");
        int limit = positive(exchange, "limit", "100");
        if (limit > MAX_LIMIT) {
            throw Refusal.controlPlane(400, "limit must not be greater than 200");
        }
        return Reply.ok(snapshots.list(
                page,
                limit,
                exchange.query("name"),
                exchange.query("sort", "lastUsedAt"),
                "asc".equals(exchange.query("order", "desc"))));
    }

    private Reply buildLogsUrl(Exchange exchange) {
        String id = exchange.path("id");
        snapshots.build(id);
        return Reply.ok(new JsonObject().put("url", origin + "/snapshots/" + id + "/build-logs"));
    }

    private Reply buildLogs(Exchange exchange) {
        String id = exchange.path("id");
        SnapshotStore.Build build = snapshots.build(id);
        if (!build.hasLog()) {
            throw Refusal.typed(404, "not found: build logs not found");
        }
        boolean follow = "true".equals(exchange.query("follow"));
        return new Reply.Stream(200, Map.of("Content-Type", "application/octet-stream"), out -> {
            List<String> steps = Dockerfiles.steps(build.buildInfo());
            for (int i = 0; i < steps.size(); i++) {
                out.write("Step " + (i + 1) + "/" + steps.size() + " : " + steps.get(i) + "\n");
            }
            if (follow) {
                awaitImage(id, out);
            }
        });
    }

    /** A build that failed makes no image, so this waits for as long as the client does. */
    private void awaitImage(String id, ResponseStream out) throws IOException, InterruptedException {
        while (!out.isClosed()) {
            try {
                if (snapshots.build(id).state() == Snapshot.State.ACTIVE) {
                    out.write("Successfully built\n");
                    Thread.sleep(LAST_LINES_MILLIS);
                    return;
                }
            } catch (Refusal gone) {
                return;
            }
            Thread.sleep(IMAGE_CHECK_MILLIS);
        }
    }

    private static int positive(Exchange exchange, String name, String absent) {
        try {
            int value = Integer.parseInt(exchange.query(name, absent));
            if (value >= 1) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Refused below.
        }
        throw Refusal.controlPlane(400, name + " must not be less than 1");
    }
}
