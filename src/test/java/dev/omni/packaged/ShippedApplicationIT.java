package dev.omni.packaged;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.LocalDaytonaOptions;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** The application as it is shipped does its main job, given a Daytona and an issuer. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ShippedApplicationIT {
    private final Vertx vertx = Vertx.vertx();
    private final LocalDaytona daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions());
    private final Issuer issuer = new Issuer();
    private final PackagedApplication omni;
    private final String token = issuer.token("alice");

    ShippedApplicationIT() throws Exception {
        Map<String, String> settings = issuer.settings(daytona.apiUrl(), daytona.apiKey());
        omni = PackagedApplication.start(settings);
    }

    @AfterAll
    void end() throws IOException {
        omni.close();
        issuer.close();
        daytona.close();
        vertx.close();
    }

    @Test
    @Order(1)
    void itIsReady() {
        given().get(omni.management("/q/health/ready")).then().statusCode(200).body("status", equalTo("UP"));
    }

    @Test
    @Order(2)
    void anInputGoesInAndALiveStreamComesOut() throws IOException {
        String sandbox = alice().header("Prefer", "wait=30")
                .put(omni.url("/api/v1/sandboxes/default"))
                .then()
                .statusCode(201)
                .body("status", equalTo("ready"))
                .extract()
                .path("id");
        String job = alice().header("X-Request-Id", "shipped-1")
                .body(Map.of("command", "echo \"it's\"; echo oops >&2; exit 3"))
                .post(omni.url("/api/v1/sandboxes/" + sandbox + "/jobs"))
                .then()
                .statusCode(202)
                .extract()
                .path("id");
        String events = alice().accept("text/event-stream")
                .get(omni.url("/api/v1/sandboxes/" + sandbox + "/jobs/" + job + "/events"))
                .then()
                .statusCode(200)
                .extract()
                .asString();
        assertThat(events)
                .contains("\"data\":\"it's\\n\"", "\"data\":\"oops\\n\"", "\"code\":\"command_failed\"")
                .contains("\"exitCode\":3");
        alice().body(Map.of("prompt", Map.of("input", "hello")))
                .post(omni.url("/api/v1/sandboxes/" + sandbox + "/jobs"))
                .then()
                .statusCode(202);

        await().untilAsserted(() -> assertThat(linesOf("shipped-1"))
                .extracting(line -> line.path("message").asText())
                .anyMatch(message -> message.startsWith("Job " + job + " ended")));
        assertThat(linesOf("shipped-1"))
                .filteredOn(line -> line.path("message").asText().contains(job)
                        && line.path("loggerName").asText().startsWith("dev.omni"))
                .isNotEmpty()
                .allSatisfy(line -> {
                    assertThat(line.path("mdc").path("userId").asText()).isEqualTo("alice");
                    assertThat(line.path("mdc").path("sandboxId").asText()).isEqualTo(sandbox);
                    assertThat(line.path("mdc").path("jobId").asText()).isEqualTo(job);
                });
    }

    @Test
    @Order(3)
    void itsLogIsJsonAndHoldsNoSecret() throws IOException {
        assertThat(logLines()).isNotEmpty();
        assertThat(omni.log()).doesNotContain(token, daytona.apiKey());
        // The audit trail tells commands, and this one has its output in its text.
        assertThat(omni.log().lines().filter(line -> !line.contains("\"category\":\"omni.audit\"")))
                .noneMatch(line -> line.contains("oops"));
    }

    @Test
    @Order(3)
    void itsMetricsAreOnTheManagementPortAndNameNobody() {
        String metrics = given().get(omni.management("/q/metrics"))
                .then()
                .statusCode(200)
                .extract()
                .asString();
        assertThat(metrics)
                .contains("omni_jobs_started_total{kind=\"command\"", "profile=\"prod\"")
                .doesNotContain("alice", token, daytona.apiKey());
        given().get(omni.url("/q/metrics")).then().statusCode(404);
    }

    @Test
    @Order(3)
    void withoutARedisItLooksForNone() throws IOException {
        assertThat(omni.log()).doesNotContain("Redis");
    }

    @Test
    @Order(4)
    void itEndsWhenItIsToldTo() throws InterruptedException {
        assertThat(omni.terminate()).isIn(0, 143);
    }

    private RequestSpecification alice() {
        return given().auth().oauth2(token).contentType(ContentType.JSON);
    }

    private List<JsonNode> linesOf(String requestId) throws IOException {
        return logLines().stream()
                .filter(line -> line.path("mdc").path("requestId").asText().equals(requestId))
                .toList();
    }

    private List<JsonNode> logLines() throws IOException {
        ObjectMapper json = new ObjectMapper();
        List<JsonNode> lines = new ArrayList<>();
        for (String line : omni.log().lines().toList()) {
            if (line.startsWith("{")) {
                lines.add(json.readTree(line));
            }
        }
        return lines;
    }
}
