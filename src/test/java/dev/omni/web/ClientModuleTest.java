package dev.omni.web;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the client gets to those who use it. */
@QuarkusTest
class ClientModuleTest {
    private static final String MODULE = "/client/omni.js";

    @Test
    void itIsAModuleThatNobodyHasToSignInFor() {
        given().get(MODULE)
                .then()
                .statusCode(200)
                .contentType(startsWith("text/javascript"))
                .header("X-Content-Type-Options", equalTo("nosniff"))
                .header("X-TypeScript-Types", equalTo("./omni.d.ts"))
                .body(containsString("export function connect("));
        given().get("/client/omni.d.ts")
                .then()
                .statusCode(200)
                .contentType(startsWith("text/plain"))
                .body(containsString("export function connect("));
    }

    @ParameterizedTest
    @ValueSource(strings = {MODULE, "/client/omni.d.ts", "/", "/console/console.css"})
    void itIsFetchedAgainOnlyWhenItHasChanged(String path) {
        Response first = given().get(path);
        String etag = first.header("ETag");

        assertThat(first.header("Cache-Control")).isEqualTo("no-cache");
        for (String known : new String[] {etag, "W/" + etag, "\"other\", " + etag, "*"}) {
            given().header("If-None-Match", known)
                    .get(path)
                    .then()
                    .statusCode(304)
                    .header("ETag", equalTo(etag))
                    .body(emptyString());
        }
        given().header("If-None-Match", "\"other\"").get(path).then().statusCode(200);
    }

    @Test
    void aHeadIsAnsweredWithoutTheBody() {
        int length = given().get(MODULE).body().asByteArray().length;

        given().head(MODULE)
                .then()
                .statusCode(200)
                .header("Content-Length", equalTo(String.valueOf(length)))
                .body(emptyString());
    }

    @Test
    void itCannotBeWrittenTo() {
        given().body("mine")
                .post(MODULE)
                .then()
                .statusCode(405)
                .header("Allow", equalTo("GET, HEAD"))
                .contentType("application/problem+json");
    }
}
