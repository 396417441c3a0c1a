package dev.omni.observe;

import static dev.omni.TestUsers.as;
import static dev.omni.TestUsers.token;
import static dev.omni.TestUsers.with;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.matchesPattern;

import io.quarkus.test.junit.QuarkusTest;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.logging.Level;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is known of a request afterwards. */
@QuarkusTest
class RequestLogTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Test
    void theCallersIdIsKept() {
        given().header("X-Request-Id", "Mine_1.2-3")
                .get("/test-probe/open")
                .then()
                .header("X-Request-Id", "Mine_1.2-3");
        given().header("X-Request-Id", "Mine_1.2-3")
                .get("/nothing")
                .then()
                .statusCode(404)
                .header("X-Request-Id", "Mine_1.2-3")
                .body("requestId", equalTo("Mine_1.2-3"));
        given().header("X-Request-Id", "a".repeat(128))
                .contentType("application/json")
                .body("a".repeat(2 << 20))
                .post("/dev/token")
                .then()
                .statusCode(413)
                .header("X-Request-Id", "a".repeat(128));
        given().header("X-Request-Id", "x1")
                .get("/test-probe")
                .then()
                .statusCode(401)
                .header("X-Request-Id", "x1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a\tb", "<script>", "é", "129"})
    void anIdThatIsNotSaneIsReplaced(String id) {
        given().header("X-Request-Id", id.equals("129") ? "a".repeat(129) : id)
                .get("/test-probe/open")
                .then()
                .header("X-Request-Id", matchesPattern("[0-9a-f-]{36}"));
    }

    @Test
    void neitherQueriesNorTokensAreLogged() {
        String token = token("alice");
        try (LogLines log = new LogLines("")) {
            with(token)
                    .header("X-Request-Id", "q1")
                    .get("/test-probe?name=hush-hush")
                    .then()
                    .statusCode(200);
            with(token)
                    .header("X-Request-Id", "q2")
                    .get("/test-probe?hush=hush-hush")
                    .then()
                    .statusCode(400);
            await().atMost(PATIENCE)
                    .until(() -> !log.of("q1").isEmpty() && !log.of("q2").isEmpty());
            assertThat(log.lines())
                    .noneMatch(line -> line.message().contains("hush-hush")
                            || line.message().contains(token.substring(token.lastIndexOf('.'))));
        }
    }

    @Test
    void anAccidentIsLoggedOnceWithItsStack() {
        List<LogLines.Line> errors = loggedBy("bug", 500);
        assertThat(errors).singleElement().satisfies(line -> {
            assertThat(line.level()).isEqualTo(org.jboss.logmanager.Level.ERROR);
            assertThat(line.hasStack()).isTrue();
            assertThat(line.fields()).containsEntry("userId", "alice");
        });
    }

    @Test
    void aRefusalIsNotLogged() {
        assertThat(loggedBy("not-ready", 409)).isEmpty();
    }

    @Test
    void readinessSaysWhatIsMissingAndLivenessOnlyThatTheProcessRuns() {
        given().get("/q/health/live").then().statusCode(200).body("status", equalTo("UP"));
        given().get("/q/health/started").then().statusCode(200);
        assertThat(given().get("/q/health/ready").jsonPath().getList("checks.name", String.class))
                .contains("identity")
                .anyMatch(name -> name.toLowerCase(Locale.ROOT).contains("daytona"));
    }

    private static List<LogLines.Line> loggedBy(String how, int status) {
        String id = "logged-" + how;
        try (LogLines log = new LogLines("")) {
            as("alice")
                    .header("X-Request-Id", id)
                    .get("/test-probe/fails/" + how)
                    .then()
                    .statusCode(status);
            await().atMost(PATIENCE)
                    .until(() ->
                            log.of(id).stream().anyMatch(line -> line.category().equals("omni.request")));
            return log.of(id).stream()
                    .filter(line -> line.level().intValue() > Level.INFO.intValue())
                    .toList();
        }
    }
}
