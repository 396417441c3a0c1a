package dev.omni.report;

import static dev.omni.TestUsers.as;
import static dev.omni.TestUsers.token;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.omni.RawHttp;
import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.observe.LogContext;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What Sentry hears of the service, and what it never does. */
@QuarkusTest
@TestProfile(ReportsTest.WithSentry.class)
class ReportsTest {
    private static final Logger LOG = Logger.getLogger("omni.test.report");
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Inject
    LocalDaytona daytona;

    @Inject
    MeterRegistry meters;

    @Inject
    Vertx vertx;

    private static SentryServer sentry;

    /** A service that reports to a port of this machine, where the test listens. */
    public static final class WithSentry implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("omni.sentry.dsn", SentryServer.dsn(freePort()), "omni.sentry.salt", "a salt for tests");
        }

        private static int freePort() {
            try (ServerSocket socket = new ServerSocket(0)) {
                return socket.getLocalPort();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @BeforeAll
    static void listen() throws IOException {
        String dsn = ConfigProvider.getConfig().getValue("omni.sentry.dsn", String.class);
        sentry = new SentryServer(URI.create(dsn).getPort());
    }

    @AfterAll
    static void close() {
        sentry.close();
    }

    @AfterEach
    void recover() {
        daytona.faults().clear();
        sentry.goOn();
    }

    @Test
    void aFailureOfOursIsOneReportThatSaysWhereAndOfWhoseWorkButNotWhoOrWhat() {
        double before = reported();
        given().header("Authorization", "Bearer " + token("alice-the-user"))
                .header("X-Request-Id", "report-1")
                .header("X-Probe", "canary")
                .header("Cookie", "canary=1")
                .contentType("application/json")
                .get("/test-probe/fails/async-bug")
                .then()
                .statusCode(500);
        JsonNode report = fence("report-1").getFirst();

        assertThat(events("report-1")).hasSize(1);
        JsonNode exception = report.path("exception").path("values").path(0);
        assertThat(exception.path("type").asText()).isEqualTo("NullPointerException");
        assertThat(exception.path("module").asText()).isEqualTo("java.lang");
        assertThat(exception.path("stacktrace").path("frames").toString()).contains("ProbeResource");
        assertThat(report.path("level").asText()).isEqualTo("error");
        assertThat(report.path("logger").asText()).isEqualTo("omni.problem");
        assertThat(report.path("environment").asText()).isEqualTo("test");
        assertThat(report.path("release").asText()).startsWith("omni@");
        assertThat(report.path("user").path("id").asText()).matches("[0-9a-f]{16}");
        assertThat(report.has("breadcrumbs")).isFalse();
        assertThat(report.has("request")).isFalse();
        assertThat(sentry.envelopes())
                .allSatisfy(envelope -> assertThat(envelope)
                        .doesNotContain("canary", "alice-the-user", "eyJ", "127.0.0.1", "ip_address"));
        assertThat(reported()).isGreaterThan(before);
    }

    @Test
    void aReportIsTaggedWithWhatTheWorkIsAbout() {
        Map<String, String> fields =
                Map.of("requestId", "report-2", "sandboxId", "box-7", "jobId", "job-8", "userId", "bob");
        LogContext.inNewContext(
                        vertx,
                        fields,
                        () -> Uni.createFrom().item(() -> {
                            LOG.errorf("number %d is off", 7);
                            return "logged";
                        }))
                .await()
                .atMost(PATIENCE);

        JsonNode report = fence("report-2").getFirst();
        assertThat(report.path("tags").path("sandboxId").asText()).isEqualTo("box-7");
        assertThat(report.path("tags").path("jobId").asText()).isEqualTo("job-8");
        assertThat(report.path("message").path("formatted").asText()).isEqualTo("number 7 is off");
    }

    @Test
    void aUserHasOnePseudonymAndOthersHaveOthers() {
        provoke("carol", "report-3a");
        provoke("carol", "report-3b");
        provoke("dave", "report-3c");

        String carol = fence("report-3a").getFirst().path("user").path("id").asText();
        assertThat(fence("report-3b").getFirst().path("user").path("id").asText())
                .isEqualTo(carol);
        assertThat(fence("report-3c").getFirst().path("user").path("id").asText())
                .isNotEqualTo(carol);
        assertThat(new Pseudonyms(Optional.of("a salt for tests")).of("carol")).isEqualTo(carol);
        assertThat(new Pseudonyms(Optional.of("another salt")).of("carol")).isNotEqualTo(carol);
        assertThat(new Pseudonyms(Optional.empty()).of("carol")).isNotEqualTo(carol);
    }

    @Test
    void whatIsExpectedIsNoReport() throws IOException {
        Set<String> ids = new HashSet<>();
        as("erin").header("X-Request-Id", id(ids)).get("/nowhere").then().statusCode(404);
        as("erin")
                .header("X-Request-Id", id(ids))
                .body("{")
                .post("/test-probe")
                .then()
                .statusCode(400);
        given().header("X-Request-Id", id(ids)).get("/api/v1/sandboxes").then().statusCode(401);
        as("erin")
                .header("X-Request-Id", id(ids))
                .get("/api/v1/sandboxes/" + UUID.randomUUID())
                .then()
                .statusCode(404);
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.tooManyRequests("sandbox-create", 1));
        as("erin")
                .header("X-Request-Id", id(ids))
                .body(Map.of())
                .post("/api/v1/sandboxes")
                .then()
                .statusCode(503);
        daytona.faults().on(Operation.LIST_SANDBOXES).always(Fault.status(503));
        as("erin")
                .header("X-Request-Id", id(ids))
                .get("/api/v1/sandboxes")
                .then()
                .statusCode(503);
        daytona.faults().clear();
        daytona.faults().on(Operation.LIST_SANDBOXES).always(Fault.reset());
        as("erin")
                .header("X-Request-Id", id(ids))
                .get("/api/v1/sandboxes")
                .then()
                .statusCode(503);
        daytona.faults().clear();
        hangUp("POST /test-probe HTTP/1.1\r\nHost: x\r\nX-Request-Id: " + id(ids)
                + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"name\"");
        hangUp("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n");

        provoke("erin", "report-4");
        fence("report-4");
        assertThat(sentry.events())
                .noneMatch(event ->
                        ids.contains(event.path("tags").path("requestId").asText()));
    }

    @Test
    void aReportWithSecretsInItKeepsAllButThem() {
        LOG.error("failed with password=hunter2", new IllegalStateException("token=s3cret", new IOException("plain")));

        await().atMost(PATIENCE).until(() -> !scrubbed().isEmpty());
        JsonNode values = scrubbed().getFirst().path("exception").path("values");
        assertThat(values)
                .extracting(value -> value.path("type").asText())
                .containsExactlyInAnyOrder("IOException", "IllegalStateException");
        assertThat(values.findValuesAsText("value")).containsExactlyInAnyOrder("plain", "token=***");
        assertThat(sentry.envelopes())
                .noneMatch(envelope -> envelope.contains("hunter2") || envelope.contains("s3cret"));
    }

    @Test
    void aSentryThatHangsHoldsNothingUp() {
        sentry.hang();
        for (int i = 0; i < 200; i++) {
            provoke("frank", "report-5-" + i);
        }
        // All were answered though it has answered none; most of the reports were dropped rather than kept.
        int taken = sentry.envelopes().size();
        sentry.goOn();
        await().atMost(PATIENCE).until(() -> {
            provoke("frank", "report-5-end");
            return !events("report-5-end").isEmpty();
        });
        assertThat(sentry.envelopes().size() - taken).isLessThan(200);
    }

    @Test
    void whatIsOnItsWayIsSentBeforeTheEnd() {
        ErrorReports reports = new ErrorReports(config(sentry.dsn()), new SimpleMeterRegistry());
        reports.start(new StartupEvent());
        LOG.error("the last words");
        reports.stop(new ShutdownEvent());

        assertThat(sentry.envelopes()).anyMatch(envelope -> envelope.contains("the last words"));
    }

    @Test
    void withoutADsnThereAreNoReports() {
        SimpleMeterRegistry counted = new SimpleMeterRegistry();
        ErrorReports reports = new ErrorReports(config(null), counted);
        reports.start(new StartupEvent());
        LOG.error("heard by one");
        reports.stop(new ShutdownEvent());

        assertThat(counted.get("omni.errors.reported").counter().count()).isZero();
    }

    @Test
    void whatIsNoDsnStopsTheStartWithoutBeingTold() {
        ErrorReports reports = new ErrorReports(config("https://nothing"), new SimpleMeterRegistry());

        assertThatThrownBy(() -> reports.start(new StartupEvent()))
                .hasMessage("omni.sentry.dsn is not a DSN of Sentry's")
                .hasNoCause();
    }

    private static ReportConfig config(@Nullable String dsn) {
        return new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withMapping(ReportConfig.class)
                .withDefaultValues(dsn == null ? Map.of() : Map.of("omni.sentry.dsn", dsn))
                .build()
                .getConfigMapping(ReportConfig.class);
    }

    private static void provoke(String user, String requestId) {
        as(user).header("X-Request-Id", requestId)
                .get("/test-probe/fails/async-bug")
                .then()
                .statusCode(500);
    }

    private static void hangUp(String beginning) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), RawHttp.port())) {
            socket.getOutputStream().write(beginning.getBytes(StandardCharsets.US_ASCII));
            socket.setSoLinger(true, 0);
        }
    }

    private static String id(Set<String> ids) {
        String id = "expected-" + UUID.randomUUID();
        ids.add(id);
        return id;
    }

    /** Waits for the report of a request. Reports arrive in their order, so those before it are there too. */
    private List<JsonNode> fence(String requestId) {
        await().atMost(PATIENCE).until(() -> !events(requestId).isEmpty());
        return events(requestId);
    }

    private List<JsonNode> events(String requestId) {
        return sentry.events().stream()
                .filter(event -> event.path("tags").path("requestId").asText().equals(requestId))
                .toList();
    }

    private List<JsonNode> scrubbed() {
        return sentry.events().stream()
                .filter(event ->
                        event.path("message").path("formatted").asText().equals("failed with password=***"))
                .toList();
    }

    private double reported() {
        return meters.counter("omni.errors.reported").count();
    }
}
