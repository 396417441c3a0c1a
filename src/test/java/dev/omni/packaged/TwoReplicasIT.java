package dev.omni.packaged;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.LocalDaytonaOptions;
import io.restassured.http.ContentType;
import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Two processes of the packaged application share nothing but Daytona, and are one service. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwoReplicasIT {
    private final Vertx vertx = Vertx.vertx();
    private final LocalDaytona daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions());
    private final Issuer issuer = new Issuer();
    private final PackagedApplication one;
    private final PackagedApplication two;

    TwoReplicasIT() throws Exception {
        Map<String, String> settings = issuer.settings(daytona.apiUrl(), daytona.apiKey());
        one = PackagedApplication.start(settings);
        two = PackagedApplication.start(settings);
    }

    @AfterAll
    void end() throws IOException {
        one.close();
        two.close();
        issuer.close();
        daytona.close();
        vertx.close();
    }

    @Test
    void bothCreateTheDefaultSandboxAtOnceAndThereIsOne() {
        List<CompletableFuture<Response>> calls = IntStream.range(0, 8)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> as("alice")
                        .header("Prefer", "wait=30")
                        .put((i % 2 == 0 ? one : two).url("/api/v1/sandboxes/default"))))
                .toList();
        List<Response> answers = calls.stream().map(CompletableFuture::join).toList();
        assertThat(answers)
                .extracting(Response::statusCode)
                .containsOnly(200, 201)
                .containsOnlyOnce(201);
        assertThat(answers)
                .extracting(answer -> answer.<String>path("id"))
                .containsOnly(answers.getFirst().<String>path("id"));
    }

    @Test
    void aJobStartedOnOneIsReadOnTheOtherFromACursorOfTheFirst() {
        String sandbox = as("bob")
                .header("Prefer", "wait=30")
                .put(one.url("/api/v1/sandboxes/default"))
                .then()
                .statusCode(201)
                .extract()
                .path("id");
        String job = as("bob")
                .body(Map.of("command", "for i in $(seq 1 3000); do echo line $i; done; exit 4"))
                .post(one.url("/api/v1/sandboxes/" + sandbox + "/jobs"))
                .then()
                .statusCode(202)
                .extract()
                .path("id");
        String events = "/api/v1/sandboxes/" + sandbox + "/jobs/" + job + "/events";
        List<String> whole = as("bob").get(one.url(events)).asString().lines().toList();
        List<String> cursors = whole.stream()
                .filter(line -> line.startsWith("id: "))
                .map(line -> line.substring(4))
                .toList();

        for (int seen : new int[] {0, cursors.size() / 2, cursors.size() - 2}) {
            List<String> rest = as("bob")
                    .header("Last-Event-ID", cursors.get(seen))
                    .get(two.url(events))
                    .asString()
                    .lines()
                    .filter(line -> line.startsWith("data: "))
                    .toList();
            assertThat(output(rest))
                    .isEqualTo(output(whole.stream()
                            .filter(line -> line.startsWith("data: "))
                            .skip(seen + 1L)
                            .toList()));
            assertThat(rest.getLast()).contains("\"type\":\"done\"", "\"exitCode\":4");
        }
        assertThat(as("bob")
                        .get(two.url("/api/v1/sandboxes/" + sandbox + "/jobs/" + job))
                        .<String>path("status"))
                .isEqualTo("failed");
    }

    /** What the messages hold of output: where one ends and the next begins is each replica's own affair. */
    private static String output(List<String> messages) {
        StringBuilder output = new StringBuilder();
        messages.stream()
                .map(line -> JsonPath.from(line.substring("data: ".length())))
                .filter(message -> message.getString("type").equals("log"))
                .forEach(message -> output.append(message.getString("data")));
        return output.toString();
    }

    private RequestSpecification as(String user) {
        return given().auth().oauth2(issuer.token(user)).contentType(ContentType.JSON);
    }
}
