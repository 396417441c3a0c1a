package dev.omni.limit;

import static dev.omni.TestUsers.as;
import static dev.omni.TestUsers.token;
import static dev.omni.sandbox.Users.somebody;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;

import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.restassured.http.Method;
import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
@TestProfile(SmallLimits.class)
class RateLimitsTest {
    private static final String NO_SANDBOX = "/api/v1/sandboxes/00000000-0000-4000-8000-000000000000";

    @TestHTTPResource
    URI base;

    @Inject
    Witness witness;

    @Inject
    RedisLink redis;

    private final String address = anAddress();

    /** Hears of refusals, as the audit trail would. */
    @Singleton
    static class Witness {
        private final List<Refused> refusals = new CopyOnWriteArrayList<>();

        void onRefused(@Observes Refused refused) {
            refusals.add(refused);
        }
    }

    @Test
    void aCallWithinTheLimitIsToldWhatIsLeft() {
        Response answer =
                from(address, somebody()).body("{\"command\": \"true\"}").post(NO_SANDBOX + "/jobs");

        assertThat(answer.header("RateLimit-Policy"))
                .isEqualTo("\"general\";q=50;w=3600, \"run\";q=12;w=3600, \"run-address\";q=24;w=3600");
        assertThat(answer.header("RateLimit"))
                .matches("\"general\";r=49;t=\\d+, \"run\";r=11;t=\\d+, \"run-address\";r=23;t=\\d+");
        assertThat(answer.header("Retry-After")).isNull();
    }

    @Test
    void aUserWhoRunsTooMuchIsRefusedAndToldHowLongToWait() {
        String alice = somebody();
        for (int i = 0; i < SmallLimits.RUNS; i++) {
            run(alice).then().statusCode(404);
        }

        run(alice)
                .then()
                .statusCode(429)
                .contentType("application/problem+json")
                .header("RateLimit", containsString("\"run\";r=0;t="))
                .body("code", equalTo("rate_limited"))
                .body("detail", containsString("\"run\""));
        assertThat(Integer.parseInt(run(alice).header("Retry-After"))).isBetween(1, 3600 / SmallLimits.RUNS);
        assertThat(witness.refusals).contains(new Refused(Refused.Kind.RATE, "run", alice, address));
    }

    @Test
    void whoeverIsRefusedUsesUpNothing() {
        String alice = somebody();
        for (int i = 0; i < SmallLimits.RUNS + 5; i++) {
            run(alice);
        }

        JsonPath limits = limits(alice);
        assertThat(remaining(limits, "run", "user")).isZero();
        assertThat(remaining(limits, "run", "address")).isEqualTo(SmallLimits.RUNS);
        assertThat(remaining(limits, "general", "user")).isEqualTo(SmallLimits.GENERAL - SmallLimits.RUNS - 1);
    }

    @Test
    void twoUsersOfAnAddressShareItsLimitAndAThirdIsRefused() {
        String carol = somebody();
        for (String user : List.of(somebody(), somebody())) {
            for (int i = 0; i < SmallLimits.RUNS; i++) {
                run(user).then().statusCode(404);
            }
        }

        run(carol).then().statusCode(429).body("detail", containsString("\"run-address\""));
        assertThat(remaining(limits(carol), "run", "user")).isEqualTo(SmallLimits.RUNS);
        from(anAddress(), carol)
                .body("{\"command\": \"true\"}")
                .post(NO_SANDBOX + "/exec")
                .then()
                .statusCode(404);
    }

    @Test
    void aUserWhoFloodsLeavesAnotherAtTheSameAddressAlone() {
        String alice = somebody();
        for (int i = 0; i < SmallLimits.GENERAL + 2 * SmallLimits.EDGE; i++) {
            from(address, alice).get(NO_SANDBOX);
        }
        from(address, alice).get(NO_SANDBOX).then().statusCode(429);

        from(address, somebody()).get(NO_SANDBOX).then().statusCode(404);
    }

    @ParameterizedTest
    @CsvSource({"DELETE, /exec, 405", "GET, /nothing/there, 404"})
    void callsOfNothingThereIsCountForTheAddressWhoeverMakesThem(Method method, String path, int status) {
        String alice = somebody();
        for (int i = 0; i < SmallLimits.EDGE; i++) {
            from(address, alice).request(method, NO_SANDBOX + path).then().statusCode(status);
        }

        from(address, alice)
                .request(method, NO_SANDBOX + path)
                .then()
                .statusCode(429)
                .body("detail", containsString("\"edge\""));
    }

    @Test
    void askingForTheLimitsTakesFromNoneButTheGeneralOne() {
        String alice = somebody();
        JsonPath before = limits(alice);
        JsonPath after = limits(alice);

        assertThat(remaining(before, "general", "user")).isEqualTo(SmallLimits.GENERAL - 1);
        assertThat(remaining(after, "general", "user")).isEqualTo(SmallLimits.GENERAL - 2);
        for (String policy : List.of("create", "run", "upgrade")) {
            for (String per : List.of("user", "address")) {
                assertThat(remaining(after, policy, per)).isEqualTo(remaining(before, policy, per));
            }
        }
        assertThat(before.getMap("quotas.find { it.name == 'sandboxes' }"))
                .isEqualTo(Map.of("name", "sandboxes", "limit", 100, "used", 0));
        assertThat(before.getList("quotas.name")).containsExactly("connections", "jobs_per_user", "sandboxes");
    }

    @Test
    void operatorsAreNotExempt() {
        String oscar = somebody();
        for (int i = 0; i < SmallLimits.GENERAL; i++) {
            as(oscar, "operator").header("X-Forwarded-For", address).get(NO_SANDBOX);
        }

        as(oscar, "operator")
                .header("X-Forwarded-For", address)
                .get(NO_SANDBOX)
                .then()
                .statusCode(429);
    }

    @Test
    void badTokensAreRefusedBeforeTheyAreLookedAt() {
        for (int i = 0; i < SmallLimits.EDGE; i++) {
            withBadToken(address).then().statusCode(401);
        }

        withBadToken(address)
                .then()
                .statusCode(429)
                .contentType("application/problem+json")
                .body("code", equalTo("rate_limited"))
                .header("RateLimit", containsString("\"edge\";r=0;t="))
                .header("Access-Control-Allow-Origin", SmallLimits.WEB_APP)
                .header("Access-Control-Expose-Headers", containsString("RateLimit"));
        withBadToken(anAddress()).then().statusCode(401);
    }

    @Test
    void whatAClientClaimsOfItselfMakesNoNewAddressOfIt() {
        for (int i = 0; i < SmallLimits.EDGE; i++) {
            withBadToken("198.51.100.%d, %s".formatted(i, address)).then().statusCode(401);
        }

        withBadToken("203.0.113.77, " + address).then().statusCode(429);
        given().header("Authorization", "Bearer x")
                .header("X-Real-IP", "203.0.113.78")
                .header("Forwarded", "for=203.0.113.78")
                .header("X-Forwarded-For", address)
                .get(NO_SANDBOX)
                .then()
                .statusCode(429);
    }

    @Test
    void allAddressesOfAnIpv6NetworkAreOne() {
        String network = "2001:db8:%x:%x".formatted(random(), random());
        for (int i = 0; i < SmallLimits.EDGE; i++) {
            withBadToken("%s::%x".formatted(network, i)).then().statusCode(401);
        }

        withBadToken("[" + network + ":1:2:3:4]:5678").then().statusCode(429);
    }

    @Test
    void aHandshakeTooManyIsRefusedWithTheSameHeaders() {
        String token = token(somebody());
        for (int i = 0; i < SmallLimits.UPGRADES; i++) {
            connect(token).abort();
        }

        try {
            connect(token);
            throw new AssertionError("the handshake was not refused");
        } catch (CompletionException e) {
            assertThat(e).hasCauseInstanceOf(WebSocketHandshakeException.class);
            var refusal = ((WebSocketHandshakeException) Objects.requireNonNull(e.getCause())).getResponse();
            assertThat(refusal.statusCode()).isEqualTo(429);
            assertThat(Integer.parseInt(
                            refusal.headers().firstValue("Retry-After").orElse("0")))
                    .isPositive();
            assertThat(refusal.headers().firstValue("RateLimit").orElse("")).contains("\"upgrade\";r=0;t=");
            assertThat(refusal.headers().firstValue("RateLimit-Policy").orElse(""))
                    .contains("\"upgrade\";q=3;w=3600");
        }
    }

    @Test
    void aHandshakeTooManyIsToldWhyInAProblemDocument() {
        String user = somebody();
        String token = token(user);
        for (int i = 0; i < SmallLimits.UPGRADES; i++) {
            connect(token).abort();
        }

        from(address, user)
                .header("Connection", "Upgrade")
                .header("Upgrade", "websocket")
                .header("Sec-WebSocket-Version", "13")
                .header("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
                .get("/ws")
                .then()
                .statusCode(429)
                .contentType("application/problem+json")
                .header("Retry-After", Integer::parseInt, greaterThan(0))
                .header("RateLimit", containsString("\"upgrade\";r=0;t="))
                .body("code", equalTo("rate_limited"))
                .body("instance", equalTo("/ws"))
                .body("retryAfterSeconds", greaterThan(0));
    }

    @Test
    void decisionsAreCounted() {
        run(somebody());
        withBadToken(address);

        String metrics = given().get("/q/metrics").asString();
        assertThat(metrics)
                .contains("omni_limit_decisions_total{outcome=\"allowed\",policy=\"run\"}")
                .contains("omni_limit_decisions_total{outcome=\"limited\",policy=\"edge\"}")
                .contains("omni_limit_shared_up 0.0");
    }

    @Test
    void aMillionUsersAreNotAllKept() {
        var buckets = new Buckets(
                new Limit(Policy.GENERAL, Limit.Per.USER, new Rate(10, Duration.ofHours(1))),
                "test",
                new SharedBuckets(redis));
        for (int i = 0; i < 1_000_000; i++) {
            buckets.of("user-" + i);
        }

        assertThat(buckets.size()).isLessThanOrEqualTo(Buckets.MAX_BUCKETS);
    }

    private Response run(String user) {
        return from(address, user).body("{\"command\": \"true\"}").post(NO_SANDBOX + "/exec");
    }

    private JsonPath limits(String user) {
        return from(address, user)
                .get("/api/v1/limits")
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();
    }

    private static int remaining(JsonPath limits, String policy, String per) {
        return limits.getInt("rates.find { it.policy == '%s' && it.per == '%s' }.remaining".formatted(policy, per));
    }

    private static Response withBadToken(String forwardedFor) {
        return given().header("Authorization", "Bearer x")
                .header("Origin", SmallLimits.WEB_APP)
                .header("X-Forwarded-For", forwardedFor)
                .get(NO_SANDBOX);
    }

    private static RequestSpecification from(String address, String user) {
        return as(user).header("X-Forwarded-For", address);
    }

    private WebSocket connect(String token) {
        return HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .header("Authorization", "Bearer " + token)
                .header("X-Forwarded-For", address)
                .buildAsync(URI.create("ws://" + base.getAuthority() + "/ws"), new WebSocket.Listener() {})
                .join();
    }

    /** One that no other test comes from. */
    private static String anAddress() {
        return "10.%d.%d.%d".formatted(random() % 250, random() % 250, random() % 250);
    }

    private static int random() {
        return ThreadLocalRandom.current().nextInt(0x1000, 0x10000);
    }
}
