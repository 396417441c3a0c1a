package dev.omni.packaged;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.LocalDaytonaOptions;
import io.restassured.http.ContentType;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What of the audit trail arrives on the standard output of the application as it is shipped. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditLinesIT {
    private static final String USER = "alice@example.com";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Vertx vertx = Vertx.vertx();
    private final LocalDaytona daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions());
    private final Issuer issuer = new Issuer();

    AuditLinesIT() throws Exception {}

    @AfterAll
    void end() throws IOException {
        issuer.close();
        daytona.close();
        vertx.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"INFO", "OFF"})
    void eachIsWholeWhateverAClientPutsIntoItAndWhateverTheConsolesLevel(String level) throws Exception {
        Map<String, String> settings = issuer.settings(daytona.apiUrl(), daytona.apiKey());
        settings.put("QUARKUS_LOG_CONSOLE_LEVEL", level);
        try (PackagedApplication omni = PackagedApplication.start(settings)) {
            given().urlEncodingEnabled(false)
                    .get(omni.url("/api/v1/sandboxes/token="))
                    .then()
                    .statusCode(401);
            String box = given().auth()
                    .oauth2(issuer.token(USER))
                    .contentType(ContentType.JSON)
                    .header("Prefer", "wait=30")
                    .body(Map.of())
                    .post(omni.url("/api/v1/sandboxes"))
                    .then()
                    .statusCode(201)
                    .extract()
                    .path("id");
            for (String command : List.of("echo password:", ": " + "ü".repeat(1000) + "; echo token=")) {
                given().auth()
                        .oauth2(issuer.token(USER))
                        .contentType(ContentType.JSON)
                        .body(Map.of("command", command))
                        .post(omni.url("/api/v1/sandboxes/" + box + "/exec"))
                        .then()
                        .statusCode(200);
            }

            await().atMost(PATIENCE).until(() -> trail(omni).size() == 4);
            assertThat(trail(omni).getFirst().path("request").asText()).isEqualTo("GET /api/v1/sandboxes/token=");
            List<JsonNode> hers = trail(omni).subList(1, 4);
            assertThat(hers)
                    .allSatisfy(line -> assertThat(line.path("userId").asText()).isEqualTo(USER));
            assertThat(hers)
                    .extracting(line -> line.path("command").asText())
                    .containsExactly("", "echo password:", ": " + "ü".repeat(1000) + "; echo token=");
        }
    }

    /** Every line of it must be JSON, so that nothing of it is hidden from whoever collects it. */
    private static List<JsonNode> trail(PackagedApplication omni) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        String log = omni.log();
        for (String line : log.substring(0, log.lastIndexOf('\n') + 1).lines().toList()) {
            if (line.contains("omni.audit") && line.startsWith("{\"time\":")) {
                lines.add(new JsonMapper().readTree(line));
            }
        }
        return lines;
    }
}
