package dev.omni.daytona.local;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A Daytona on this machine: the HTTP and WebSocket contract of Daytona's API and toolbox on loopback, whose sandboxes
 * are directories and whose commands really run. For development and tests; see {@link Confinement} for what keeps the
 * commands in their place.
 */
public final class LocalDaytona implements AutoCloseable {
    /** The version of Daytona whose contract this is. */
    public static final String VERSION = "0.190.0";
    /** The snapshot that is there from the start. */
    public static final String DEFAULT_SNAPSHOT = "daytonaio/sandbox:" + VERSION;

    static final String ORGANIZATION = "00000000-0000-4000-8000-000000000001";
    static final String RUNNER = "00000000-0000-4000-8000-000000000002";

    private static final Logger LOG = Logger.getLogger(LocalDaytona.class);
    private static final String HOST = "127.0.0.1";
    /** More at once into a terminal closes the connection. */
    private static final int MAX_MESSAGE_BYTES = 64 * 1024;
    /** Binding a port on loopback takes no time; hanging forever would hide why it does not work. */
    private static final int START_SECONDS = 10;

    private final String apiKey = newKey();
    private final Set<String> apiKeys = ConcurrentHashMap.newKeySet();
    private final Faults faults = new Faults();
    private final Throttlers throttlers = new Throttlers();
    private final Traffic traffic = new Traffic();
    private final HttpServer server;
    private final Threads threads;
    private final Path base;
    private final boolean deleteBase;
    private final boolean confined;
    private final SandboxStore sandboxes;

    private LocalDaytona(Vertx vertx, Router router, HttpServer server, Threads threads, LocalDaytonaOptions options)
            throws IOException, InterruptedException {
        this.server = server;
        this.threads = threads;
        Path directory = options.directory;
        this.deleteBase = directory == null;
        this.base = (directory == null
                        ? Files.createTempDirectory("local-daytona-")
                        : Files.createDirectories(directory))
                .toRealPath();
        Confinement confinement = Confinement.choose(options.bubblewrap, base);
        this.confined = confinement.isReal();
        StandIns.install(base.resolve("bin"), confinement, options.standInClaude);
        SnapshotStore snapshots = new SnapshotStore(threads.timer(), options.snapshotDelay);
        this.sandboxes = new SandboxStore(snapshots, options, base, confinement, origin() + "/toolbox", threads);
        apiKeys.add(apiKey);
        Guard guard = new Guard(apiKeys, sandboxes);
        Routes routes = new Routes(vertx, router, threads.requests(), faults, throttlers, traffic);
        new SandboxRoutes(sandboxes, guard, origin()).register(routes);
        new SnapshotRoutes(snapshots, guard, origin()).register(routes);
        Toolbox toolbox = new Toolbox(routes, guard);
        new ProcessRoutes(threads, traffic).register(toolbox);
        new PtyRoutes(threads).register(toolbox);
        new FileRoutes(vertx, base.resolve("uploads")).register(toolbox);
        routes.add(
                HttpMethod.GET,
                "/api/health",
                Operation.HEALTH,
                exchange -> Reply.ok(new JsonObject().put("status", "ok")));
        routes.addUnknown();
    }

    /** Starts one; it answers when this returns. Fails with an {@link IllegalStateException} when the port is taken. */
    public static LocalDaytona start(Vertx vertx, LocalDaytonaOptions options) {
        Router router = Router.router(vertx);
        Threads threads = Threads.start();
        HttpServer server = vertx.createHttpServer(new HttpServerOptions()
                        .setHost(HOST)
                        .setPort(options.port)
                        .setMaxWebSocketMessageSize(MAX_MESSAGE_BYTES)
                        .setPerMessageWebSocketCompressionSupported(false)
                        .setPerFrameWebSocketCompressionSupported(false)
                        .setWebSocketSubProtocols(List.of("*")))
                .requestHandler(router);
        try {
            server.listen().toCompletionStage().toCompletableFuture().get(START_SECONDS, TimeUnit.SECONDS);
            LocalDaytona daytona = new LocalDaytona(vertx, router, server, threads, options);
            daytona.watchActivity(options);
            daytona.announce();
            return daytona;
        } catch (IOException | ExecutionException | TimeoutException e) {
            throw notStarted(server, threads, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw notStarted(server, threads, e);
        }
    }

    private static IllegalStateException notStarted(HttpServer server, Threads threads, Exception cause) {
        server.close();
        threads.close();
        return new IllegalStateException("The local Daytona does not start", cause);
    }

    /** The control plane's base URL, {@code http://127.0.0.1:port/api}. */
    public URI apiUrl() {
        return URI.create(origin() + "/api");
    }

    /** The key it accepts from the start, new each time. */
    public String apiKey() {
        return apiKey;
    }

    /** Makes a further key, which is good beside the others from now on. */
    public String addKey() {
        String key = newKey();
        apiKeys.add(key);
        return key;
    }

    /** Accepts a key no longer. Streams that are open stay so. */
    public void revokeKey(String key) {
        apiKeys.remove(key);
    }

    public Faults faults() {
        return faults;
    }

    /** Its rate limits; there are none at first. */
    public Throttlers throttlers() {
        return throttlers;
    }

    public Traffic traffic() {
        return traffic;
    }

    /**
     * Sandboxes made from now on say that their toolboxes are behind that address, as those of a region with a proxy of its
     * own do; null takes it back.
     */
    public void proxyToolboxes(@Nullable URI origin) {
        sandboxes.placeToolboxes((origin == null ? origin() : origin) + "/toolbox");
    }

    /** Whether commands are kept from the machine's files. */
    public boolean isConfined() {
        return confined;
    }

    /** Stops every sandbox and the server. */
    @Override
    public void close() {
        sandboxes.close();
        server.close();
        threads.close();
        if (deleteBase) {
            try {
                Trees.delete(base);
            } catch (IOException e) {
                LOG.warnf("Files in %s stay: %s", base, e.getMessage());
            }
        }
    }

    private String origin() {
        return "http://" + HOST + ":" + server.actualPort();
    }

    private void watchActivity(LocalDaytonaOptions options) {
        long interval = options.activityCheck.toMillis();
        if (interval > 0) {
            ScheduledFuture<?> unused = threads.timer()
                    .scheduleWithFixedDelay(
                            new IdleCheck(sandboxes, options.minute), interval, interval, TimeUnit.MILLISECONDS);
        }
    }

    private void announce() {
        LOG.infof("Local Daytona at %s, sandboxes in %s", apiUrl(), base);
        if (!confined) {
            LOG.warn("bubblewrap is not there or does not work here: commands in local sandboxes are not confined and"
                    + " can write to this machine's files");
        }
    }

    private static String newKey() {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return "dtn_" + HexFormat.of().formatHex(bytes);
    }
}
