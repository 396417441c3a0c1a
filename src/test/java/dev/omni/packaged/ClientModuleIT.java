package dev.omni.packaged;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.containsStringIgnoringCase;
import static org.hamcrest.Matchers.equalTo;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What browsers get of the application as it is shipped: the client, where their page may call, and no console. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientModuleIT {
    private static final String WEB_APP = "https://app.example";

    private Issuer issuer;
    private PackagedApplication omni;

    @BeforeAll
    void start() throws Exception {
        issuer = new Issuer();
        Map<String, String> settings = new HashMap<>(issuer.settings());
        settings.put("QUARKUS_HTTP_CORS_ORIGINS", WEB_APP);
        omni = PackagedApplication.start(settings);
    }

    @AfterAll
    void end() throws IOException {
        omni.close();
        issuer.close();
    }

    @Test
    void theWebAppsPageMayLoadTheClient() {
        given().header("Origin", WEB_APP)
                .get(omni.url("/client/omni.js"))
                .then()
                .statusCode(200)
                .header("Access-Control-Allow-Origin", equalTo(WEB_APP))
                .header("Vary", containsString("origin"))
                .body(containsString("export function connect("));
    }

    @Test
    void theWebAppsPageMayMakeTheClientsCalls() {
        given().header("Origin", WEB_APP)
                .header("Access-Control-Request-Method", "POST")
                .header("Access-Control-Request-Headers", "authorization,content-type,idempotency-key")
                .options(omni.url("/api/v1/sandboxes/box/jobs"))
                .then()
                .statusCode(200)
                .header("Access-Control-Allow-Origin", equalTo(WEB_APP))
                .header("Access-Control-Allow-Headers", containsStringIgnoringCase("idempotency-key"));
    }

    @Test
    void anyOtherPageMayNot() {
        given().header("Origin", "https://elsewhere.example")
                .get(omni.url("/client/omni.js"))
                .then()
                .statusCode(403);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/index.html",
                "/console/",
                "/console/index.html",
                "/console/console.js",
                "/console/screen.js"
            })
    void thereIsNoConsole(String path) {
        given().accept("text/html").get(omni.url(path)).then().statusCode(404).contentType("application/problem+json");
    }
}
