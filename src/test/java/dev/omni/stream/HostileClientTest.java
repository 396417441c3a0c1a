package dev.omni.stream;

import static dev.omni.TestUsers.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.zip.Deflater;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What no proper client does costs little and ends soon. */
@QuarkusTest
@TestProfile(TightLimits.class)
class HostileClientTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String EVENTS =
            "/api/v1/sandboxes/" + UUID.randomUUID() + "/jobs/" + UUID.randomUUID() + "/events";

    @TestHTTPResource("/")
    URI base;

    @Inject
    Slots slots;

    @Inject
    StreamConfig config;

    private final String user = "hostile-" + UUID.randomUUID();
    private String token;

    @BeforeEach
    void aToken() {
        // Before there is a connection that would be idle meanwhile.
        token = token(user);
    }

    @Test
    void aClientThatStopsInTheMiddleOfAFrameIsClosedAsOneThatAnswersNoPing() {
        try (RawClient client = connected()) {
            client.send(half(RawClient.frame(0x80 | RawClient.TEXT, new byte[100])));

            assertThat(client.closeCode()).isEqualTo(CloseCode.NO_PONG.code());
        }
    }

    @Test
    void aClientThatStopsInTheMiddleOfAMessageIsClosedAsOneThatAnswersNoPing() {
        try (RawClient client = connected()) {
            client.send(RawClient.frame(RawClient.TEXT, new byte[100]));

            assertThat(client.closeCode()).isEqualTo(CloseCode.NO_PONG.code());
        }
    }

    @Test
    void aClientThatNeverSendsARequestOrOnlyHalfIsClosed() {
        try (RawClient silent = new RawClient(base);
                RawClient halfway = new RawClient(base)) {
            halfway.send("GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgr".getBytes(StandardCharsets.US_ASCII));

            await().atMost(PATIENCE).until(() -> !silent.read(1) && !halfway.read(1));
        }
    }

    @Test
    void connectionsThatNeverBecomeRequestsAreBoundedAndLeaveNothingBehind() {
        for (int round = 0; round < 3; round++) {
            List<RawClient> clients = new ArrayList<>();
            try {
                for (int i = 0; i < 2 * TightLimits.MAX_TCP_CONNECTIONS; i++) {
                    clients.add(new RawClient(base));
                }
                // Whoever came last finds no room, though nobody has sent anything.
                assertThat(clients.getLast().isRefused()).isTrue();
            } finally {
                clients.forEach(RawClient::close);
            }
            await().until(() -> {
                try (RawClient next = new RawClient(base)) {
                    return !next.isRefused();
                }
            });
        }
    }

    @Test
    void aFloodOfPingsFromAClientThatReadsNoAnswerIsCut() {
        try (RawClient client = connected()) {
            await().until(() -> slots.used(user) == 1);

            // Far more than the burst; nothing of the answers is read.
            byte[] pings = repeated(RawClient.control(RawClient.PING), 10 * config.messageBurst());
            client.send(pings);

            await().until(() -> slots.used(user) == 0);
        }
    }

    @Test
    void aFloodOfPongsIsOverALimit() {
        try (RawClient client = connected()) {
            client.send(repeated(RawClient.control(RawClient.PONG), 2 * config.messageBurst()));

            assertThat(client.closeCode()).isEqualTo(CloseCode.LIMIT.code());
        }
    }

    @Test
    void compressionIsNotAgreedTo() {
        try (RawClient client = new RawClient(base)) {
            String head = client.handshake(Map.of(
                    "Authorization",
                    "Bearer " + token,
                    "Sec-WebSocket-Extensions",
                    "permessage-deflate; client_max_window_bits, deflate-frame, x-webkit-deflate-frame"));

            assertThat(head).startsWith("HTTP/1.1 101 ").doesNotContainIgnoringCase("sec-websocket-extensions");
        }
    }

    @Test
    void aCompressedFrameThatWouldInflateToMegabytesIsAnErrorOfTheProtocol() {
        byte[] bomb = deflated(new byte[32 * 1024 * 1024]);
        assertThat(bomb).hasSizeLessThan(65_536);
        try (RawClient client = new RawClient(base)) {
            client.handshake(
                    Map.of("Authorization", "Bearer " + token, "Sec-WebSocket-Extensions", "permessage-deflate"));

            int compressed = 0x40;
            client.send(RawClient.frame(0x80 | compressed | RawClient.TEXT, bomb));

            assertThat(client.closeCode()).isIn(1002, 1006, CloseCode.TOO_LARGE.code());
        }
    }

    @Test
    void fragmentsThatTogetherAreTooLargeCloseTheConnection() {
        try (RawClient client = connected()) {
            client.send(RawClient.frame(RawClient.TEXT, new byte[1_000]));
            for (int i = 0; i < 66; i++) {
                client.send(RawClient.frame(0, new byte[1_000]));
            }

            assertThat(client.closeCode()).isEqualTo(CloseCode.TOO_LARGE.code());
        }
    }

    @Test
    void anAddressWithTooManyConnectionsIsRefusedWhoeverCallsFromIt() {
        String network = "2001:db8:0:1::";
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < config.maxConnectionsPerAddress(); i++) {
                Map<String, String> headers = headers(user + i, network + i);
                clients.add(new RawClient(base));
                assertThat(clients.getLast().handshake(headers)).startsWith("HTTP/1.1 101 ");
                awaitFirstMessage(clients.getLast());
            }
            Map<String, String> more = headers(user, network + "ffff");
            try (RawClient handshake = new RawClient(base);
                    RawClient events = new RawClient(base);
                    RawClient elsewhere = new RawClient(base)) {
                assertThat(handshake.handshake(more))
                        .startsWith("HTTP/1.1 429 ")
                        .containsIgnoringCase("retry-after: ");
                assertThat(events.get(EVENTS, more)).startsWith("HTTP/1.1 429 ").containsIgnoringCase("retry-after: ");
                assertThat(elsewhere.handshake(headers(user, "2001:db8:0:2::1")))
                        .startsWith("HTTP/1.1 101 ");
            }

            clients.removeLast().close();

            await().until(() -> {
                try (RawClient client = new RawClient(base)) {
                    return client.handshake(more).startsWith("HTTP/1.1 101 ");
                }
            });
        } finally {
            clients.forEach(RawClient::close);
        }
    }

    private RawClient connected() {
        var client = new RawClient(base);
        assertThat(client.handshake(Map.of("Authorization", "Bearer " + token))).startsWith("HTTP/1.1 101 ");
        return client;
    }

    /** Only a connection that has begun counts. */
    private static void awaitFirstMessage(RawClient client) {
        await().until(() -> client.read(100) && client.poll().isPresent());
    }

    private static Map<String, String> headers(String user, String address) {
        return Map.of("Authorization", "Bearer " + token(user), "X-Forwarded-For", address);
    }

    private static byte[] half(byte[] bytes) {
        return Arrays.copyOf(bytes, bytes.length / 2);
    }

    private static byte[] repeated(byte[] bytes, int times) {
        var all = new ByteArrayOutputStream();
        for (int i = 0; i < times; i++) {
            all.writeBytes(bytes);
        }
        return all.toByteArray();
    }

    private static byte[] deflated(byte[] bytes) {
        var deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
        deflater.setInput(bytes);
        deflater.finish();
        byte[] out = new byte[bytes.length];
        int length = deflater.deflate(out);
        deflater.end();
        return Arrays.copyOf(out, length);
    }
}
