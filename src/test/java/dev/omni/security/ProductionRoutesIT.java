package dev.omni.security;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.omni.packaged.Issuer;
import dev.omni.packaged.PackagedApplication;
import dev.omni.security.AuthorizationTest.Route;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The same table, of the application as it is shipped: what is for development is not there, and all else is closed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProductionRoutesIT {
    private static final Set<String> PUBLIC = Set.of("/client/omni.js", "/client/omni.d.ts");

    private final Issuer issuer = new Issuer();
    private final Issuer otherIssuer = new Issuer();
    private final PackagedApplication omni = PackagedApplication.start(issuer.settings());

    ProductionRoutesIT() throws Exception {}

    @AfterAll
    void end() throws IOException {
        omni.close();
        issuer.close();
        otherIssuer.close();
    }

    static List<Route> resources() {
        return AuthorizationTest.ROUTES.stream()
                .filter(route -> !route.path().startsWith("/dev/"))
                .toList();
    }

    static List<Route> ofDevelopment() {
        return AuthorizationTest.ROUTES.stream()
                .filter(route -> route.path().startsWith("/dev/"))
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("resources")
    void aResourceIsClosedToWhoeverHasNoTokenOfTheIssuer(Route route) {
        assertThat(said(call(given(), route))).isEqualTo("401 unauthenticated");
        assertThat(said(call(given().auth().oauth2(otherIssuer.token("alice")), route)))
                .isEqualTo("401 unauthenticated");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ofDevelopment")
    void whatIsForDevelopmentIsNotThere(Route route) {
        assertThat(said(call(given(), route))).isEqualTo("404 not_found");
        assertThat(said(call(given().auth().oauth2(issuer.token("alice")), route)))
                .isEqualTo("404 not_found");
    }

    static final List<Route> OTHERS = AuthorizationTest.OTHERS;

    @ParameterizedTest(name = "{0}")
    @FieldSource("OTHERS")
    void onThePublicPortAreOnlyTheClientAndTheStream(Route route) {
        Response answer = call(given().redirects().follow(false), route);
        if (PUBLIC.contains(route.path())) {
            assertThat(answer.statusCode()).isEqualTo(200);
        } else if (route.path().equals("/ws")) {
            assertThat(handshake(null)).isEqualTo("401");
            assertThat(handshake(otherIssuer.token("alice"))).isEqualTo("401");
            assertThat(handshake(issuer.token("alice"))).isEqualTo("101");
        } else {
            assertThat(said(answer)).isEqualTo("404 not_found");
        }
    }

    @Test
    void theApiDocumentTellsOfNothingElse() throws IOException {
        Set<String> documented = new TreeSet<>();
        String document = given().get(omni.management("/q/openapi?format=json")).asString();
        new JsonMapper()
                .readTree(document)
                .path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(operation ->
                                documented.add(operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey())));
        assertThat(documented)
                .containsExactlyInAnyOrderElementsOf(
                        resources().stream().map(Route::name).toList());
    }

    private String handshake(@Nullable String token) {
        Request request = Request.call("GET", "/ws");
        return AuthorizationTest.handshake(
                token == null ? request : request.bearer(token),
                URI.create(omni.url("/ws").replaceFirst("http", "ws")));
    }

    private Response call(RequestSpecification request, Route route) {
        String path = route.path()
                .replace("{sandboxId}", UUID.randomUUID().toString())
                .replace("{jobId}", UUID.randomUUID().toString());
        boolean hasBody = !route.method().equals("GET") && !route.method().equals("DELETE");
        return (hasBody ? request.contentType("application/json").body("{}") : request)
                .request(route.method(), omni.url(path));
    }

    private static String said(Response answer) {
        String code = answer.path("code");
        return answer.statusCode() + " " + (code == null ? answer.path("error.details.code") : code);
    }
}
