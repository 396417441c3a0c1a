package dev.omni.packaged;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.matchesPattern;
import static org.hamcrest.Matchers.nullValue;

import io.restassured.http.ContentType;
import io.restassured.response.Response;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The application as it is shipped, in its production profile, before anybody told it of a Daytona. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UnconfiguredProductionIT {
    private static final String ID = "0b6f6a0e-3d1b-4d8e-9b7b-9b5a0d2f7c55";

    private final Issuer issuer = new Issuer();
    private final PackagedApplication omni = PackagedApplication.start(issuer.settings());

    UnconfiguredProductionIT() throws Exception {}

    @AfterAll
    void end() throws IOException {
        omni.close();
        issuer.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PUT    | /api/v1/sandboxes/default       |",
                "POST   | /api/v1/sandboxes               | {}",
                "GET    | /api/v1/sandboxes               |",
                "GET    | /api/v1/sandboxes/" + ID + "      |",
                "DELETE | /api/v1/sandboxes/" + ID + "      |",
                "POST   | /api/v1/sandboxes/" + ID + "/start |",
                "POST   | /api/v1/sandboxes/" + ID + "/stop  |",
                "POST   | /api/v1/sandboxes/" + ID + "/exec  | {\"command\": \"true\"}",
                "POST   | /api/v1/sandboxes/" + ID + "/jobs  | {\"command\": \"true\"}",
                "GET    | /api/v1/sandboxes/" + ID + "/jobs  |",
            })
    void everyCallThatNeedsDaytonaSaysThatThereIsNone(String method, String path, String body) {
        var request = given().auth().oauth2(issuer.token("alice")).contentType(ContentType.JSON);
        (body == null ? request : request.body(body))
                .request(method, omni.url(path))
                .then()
                .statusCode(503)
                .contentType("application/problem+json")
                .body("code", equalTo("daytona_not_configured"));
    }

    @Test
    void theOldCallsSayItInTheirOwnWords() {
        given().auth()
                .oauth2(issuer.token("alice"))
                .contentType(ContentType.JSON)
                .body("{}")
                .post(omni.url("/api/sandbox/create"))
                .then()
                .statusCode(503)
                .body("error.code", equalTo("DAYTONA_NOT_CONFIGURED"));
    }

    @Test
    void itIsAliveButNotReadyAndSaysWhy() {
        given().get(omni.management("/q/health/live")).then().statusCode(200).body("status", equalTo("UP"));
        given().get(omni.management("/q/health/started")).then().statusCode(200);
        String reasons = given().get(omni.management("/q/health/ready"))
                .then()
                .statusCode(503)
                .body("status", equalTo("DOWN"))
                .body("checks.name", hasItem("daytona"))
                .extract()
                .asString();
        assertThat(reasons).contains("daytona_not_configured");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/q/health",
                "/q/health/ready",
                "/q/metrics",
                "/q/openapi",
                "/q",
                "/q/info",
                "/q/swagger-ui",
                "/q/dev-ui",
                "/dev/token",
                "/test-probe"
            })
    void nothingOfDevelopmentOrManagementIsOnThePublicPort(String path) {
        given().get(omni.url(path)).then().statusCode(404).contentType("application/problem+json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/sandboxes", "/api/sandbox/create", "/ws", "/client/omni.js", "/", "/dev/token"})
    void nothingOfTheApiIsOnTheManagementPort(String path) {
        given().auth()
                .oauth2(issuer.token("alice"))
                .get(omni.management(path))
                .then()
                .statusCode(404)
                .header("X-Content-Type-Options", equalTo("nosniff"));
    }

    @Test
    void browsersAreToldToUseTlsAndToRunNothing() {
        for (Response answer : List.of(
                given().get(omni.url("/api/v1/sandboxes")),
                given().get(omni.url("/nothing")),
                given().get(omni.url("/client/omni.js")),
                given().header("Origin", "https://elsewhere.example").get(omni.url("/api/v1/sandboxes")),
                given().urlEncodingEnabled(false).get(omni.url("/" + "a".repeat(5_000))))) {
            answer.then()
                    .header("Strict-Transport-Security", equalTo("max-age=31536000; includeSubDomains"))
                    .header("Content-Security-Policy", equalTo("default-src 'none'; frame-ancestors 'none'"))
                    .header("X-Content-Type-Options", equalTo("nosniff"))
                    .header("X-Frame-Options", equalTo("DENY"))
                    .header("Server", nullValue())
                    .header("X-Powered-By", nullValue());
        }
    }

    @Test
    void nobodyIsGivenAToken() {
        given().contentType(ContentType.JSON)
                .body("{\"sub\": \"alice\"}")
                .post(omni.url("/dev/token"))
                .then()
                .statusCode(404);
    }

    @Test
    void nobodyGetsInWithoutOne() {
        given().get(omni.url("/api/v1/sandboxes"))
                .then()
                .statusCode(401)
                .header("WWW-Authenticate", matchesPattern("(?i)bearer.*"))
                .body("code", equalTo("unauthenticated"));
    }
}
