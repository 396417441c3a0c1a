package dev.omni.stream;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.omni.TestUsers;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The {@code /ws} endpoint on the wire, as far as it needs no job. */
@QuarkusTest
class StreamEndpointTest {
    @TestHTTPResource
    URI base;

    @Inject
    Slots slots;

    @Inject
    StreamConfig config;

    private final String user = "stream-" + UUID.randomUUID();

    @Test
    void aHandshakeWithoutAGoodTokenIsRefused() {
        String good = TestUsers.token(user);
        int signature = good.lastIndexOf('.') + 1;
        String forged = good.substring(0, signature) + "A".repeat(good.length() - signature);

        assertThat(TestClient.refusal(base, Map.of())).isEqualTo(401);
        assertThat(TestClient.refusal(base, Map.of("Authorization", "Bearer nonsense")))
                .isEqualTo(401);
        assertThat(TestClient.refusal(base, Map.of("Authorization", "Bearer " + forged)))
                .isEqualTo(401);
        assertThat(TestClient.refusal(base, Map.of("Authorization", "Basic YTpi")))
                .isEqualTo(401);
    }

    @Test
    void aConnectionBeginsWithAHeartbeat() {
        try (TestClient client = TestClient.connect(base, TestUsers.token(user))) {
            JsonNode first = client.next();

            assertThat(first.path("type").asText()).isEqualTo("heartbeat");
            assertThat(Instant.ofEpochMilli(first.path("ts").asLong()))
                    .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(1));
        }
    }

    @Test
    void aBrowserBringsItsTokenInASubprotocol() {
        try (TestClient client = TestClient.connectWithSubprotocols(
                base, "bearer-token-carrier", carrier("Authorization", "Bearer " + TestUsers.token(user)))) {
            assertThat(client.subprotocol()).isEqualTo("bearer-token-carrier");
            assertThat(client.nextType()).isEqualTo("heartbeat");
        }
    }

    @Test
    void aBadTokenInASubprotocolIsRefusedLikeOneInTheHeader() {
        assertThat(TestClient.refusalOfSubprotocols(
                        base, "bearer-token-carrier", carrier("Authorization", "Bearer nonsense")))
                .isEqualTo(401);
    }

    @Test
    void aTokenWithoutTheSubprotocolThatAnswersForItIsABadRequest() {
        assertThat(TestClient.refusalOfSubprotocols(base, carrier("Authorization", "Bearer " + TestUsers.token(user))))
                .isEqualTo(400);
        assertThat(TestClient.refusalOfSubprotocols(
                        base, "bearer-token-carrier", carrier("X-Forwarded-For", "10.0.0.1")))
                .isEqualTo(400);
    }

    @Test
    void aPingIsAnsweredByAHeartbeat() {
        try (TestClient client = TestClient.connect(base, TestUsers.token(user))) {
            assertThat(client.nextType()).isEqualTo("heartbeat");

            client.send("{\"type\":\"ping\"}");

            assertThat(client.nextType()).isEqualTo("heartbeat");
        }
    }

    @Test
    void anInvalidMessageIsNamedAndTheConnectionLivesOn() {
        try (TestClient client = TestClient.connect(base, TestUsers.token(user))) {
            client.send("{\"type\":\"cancel\",\"sandboxId\":\"box\"}");
            JsonNode error = client.nextOfJobs();
            client.sendBinary(new byte[] {1, 2, 3});
            JsonNode binary = client.nextOfJobs();
            client.send("{\"type\":\"ping\"}");

            assertThat(error.path("type").asText()).isEqualTo("error");
            assertThat(error.path("code").asText()).isEqualTo("invalid_message");
            assertThat(error.path("message").asText()).isEqualTo("jobId: is missing");
            assertThat(binary.path("code").asText()).isEqualTo("invalid_message");
            assertThat(client.nextType()).isEqualTo("heartbeat");
        }
    }

    @Test
    void twentyInvalidMessagesInARowCloseTheConnection() {
        try (TestClient client = TestClient.connect(base, TestUsers.token(user))) {
            for (int i = 0; i < 19; i++) {
                client.send("nonsense");
            }
            client.send("{\"type\":\"ping\"}");
            for (int i = 0; i < 19; i++) {
                client.send("nonsense");
            }
            for (int i = 0; i < 38; i++) {
                assertThat(client.nextOfJobs().path("code").asText()).isEqualTo("invalid_message");
            }
            assertThat(client.isOpen()).isTrue();

            client.send("nonsense");

            assertThat(client.closeCode()).isEqualTo(CloseCode.PROTOCOL.code());
        }
    }

    @Test
    void aMessageThatIsTooLargeClosesTheConnection() {
        String large = "{\"type\":\"auth\",\"token\":\"" + "x".repeat(40_000);
        try (TestClient client = TestClient.connect(base, TestUsers.token(user))) {
            client.send(large + large);

            assertThat(client.closeCode()).isEqualTo(CloseCode.TOO_LARGE.code());
        }
        try (TestClient client = TestClient.connect(base, TestUsers.token(user))) {
            client.sendFragment(large, false);
            client.sendFragment(large, true);

            assertThat(client.closeCode()).isEqualTo(CloseCode.TOO_LARGE.code());
        }
    }

    @Test
    void aMessageJustUnderTheMaximumIsTaken() {
        String message = "{\"type\":\"auth\",\"token\":\"" + "x".repeat(65_000) + "\"}";
        try (TestClient client = TestClient.connect(base, TestUsers.token(user))) {
            client.send(message);

            assertThat(client.nextOfJobs().path("code").asText()).isEqualTo("invalid_token");
        }
    }

    @Test
    void aConnectionEndsWithItsToken() {
        try (TestClient client = TestClient.connect(base, TestUsers.shortLivedToken(user, 2))) {
            assertThat(client.nextType()).isEqualTo("heartbeat");

            assertThat(client.closeCode()).isEqualTo(CloseCode.TOKEN.code());
        }
    }

    @Test
    void aNewerTokenOfTheSameUserKeepsTheConnectionOpen() {
        Duration life = Duration.ofSeconds(2);
        String first = TestUsers.shortLivedToken(user, life.toSeconds());
        Instant end = Instant.now().plus(life).plusSeconds(1);
        try (TestClient client = TestClient.connect(base, first)) {
            assertThat(client.nextType()).isEqualTo("heartbeat");

            client.send("{\"type\":\"auth\",\"token\":\"" + TestUsers.token(user) + "\"}");
            assertThat(client.nextType()).isEqualTo("heartbeat");

            await().atMost(Duration.ofSeconds(10)).until(() -> Instant.now().isAfter(end));
            client.send("{\"type\":\"ping\"}");
            assertThat(client.nextType()).isEqualTo("heartbeat");
        }
    }

    @Test
    void aTokenOfSomebodyElseOrNoneAtAllDoesNotRenewAConnection() {
        try (TestClient client = TestClient.connect(base, TestUsers.shortLivedToken(user, 3))) {
            client.send("{\"type\":\"auth\",\"token\":\"" + TestUsers.token(user + "-else") + "\"}");
            client.send("{\"type\":\"auth\",\"token\":\"nonsense\"}");

            assertThat(client.nextOfJobs().path("code").asText()).isEqualTo("invalid_token");
            assertThat(client.nextOfJobs().path("code").asText()).isEqualTo("invalid_token");
            assertThat(client.isOpen()).isTrue();
            assertThat(client.closeCode()).isEqualTo(CloseCode.TOKEN.code());
        }
    }

    @Test
    void aUserWithTooManyConnectionsIsRefusedUntilOneIsClosed() {
        String token = TestUsers.token(user);
        List<TestClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < config.maxConnectionsPerUser(); i++) {
                TestClient client = TestClient.connect(base, token);
                clients.add(client);
                assertThat(client.nextType()).isEqualTo("heartbeat");
            }
            assertThat(TestClient.refusal(base, Map.of("Authorization", "Bearer " + token)))
                    .isEqualTo(429);

            clients.removeLast().close();

            await().until(() -> slots.used(user) < config.maxConnectionsPerUser());
            try (TestClient client = TestClient.connect(base, token)) {
                assertThat(client.nextType()).isEqualTo("heartbeat");
            }
        } finally {
            clients.forEach(TestClient::close);
        }
    }

    @Test
    void aClientThatSendsTooFastIsClosed() {
        try (TestClient client = TestClient.connect(base, TestUsers.token(user))) {
            for (int i = 0; i < 2 * config.messageBurst() && client.isOpen(); i++) {
                client.send("{\"type\":\"ping\"}");
            }

            assertThat(client.closeCode()).isEqualTo(CloseCode.LIMIT.code());
        }
    }

    @Test
    void aClosedClientThatDoesNotReadIsCut() {
        try (TestClient client = TestClient.connectDeaf(base, TestUsers.token(user))) {
            await().until(() -> slots.used(user) == 1);

            for (int i = 0; i < 2 * config.messageBurst(); i++) {
                client.send("{\"type\":\"ping\"}");
            }

            // Well before the WebSocket server would give up on the closing handshake by itself.
            await().atMost(config.closeTimeout().plusSeconds(3)).until(() -> slots.used(user) == 0);
        }
    }

    @Test
    void aRequestThatIsNoHandshakeFindsNothing() {
        given().auth().oauth2(TestUsers.token(user)).get("/ws").then().statusCode(404);
    }

    private static String carrier(String header, String value) {
        return URLEncoder.encode("quarkus-http-upgrade#" + header + "#" + value, StandardCharsets.UTF_8)
                .replace("+", "%20");
    }
}
