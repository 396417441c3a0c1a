package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.omni.TestUsers;
import dev.omni.job.JobCalls;
import dev.omni.observe.LogLines;
import dev.omni.security.ForgedTokens;
import dev.omni.security.ForgedTokens.Forged;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is wrong with a message, it is answered by one error, the connection lives on, and nothing of it is logged. */
@QuarkusTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadMessagesTest {
    /** Set to this in staging, which is the most that is logged outside development. */
    private static final Logger OURS = Logger.getLogger("dev.omni");

    /** Stand for the caller's own sandbox, an ended job in it, and a sandbox and a job of somebody else. */
    private static final String SANDBOX = "SANDBOX-ID";

    private static final String JOB = "JOB-ID";
    private static final String OTHERS_SANDBOX = "OTHERS-BOX";
    private static final String OTHERS_JOB = "OTHERS-JOB";

    private static final String NAMED = "\"sandboxId\":\"" + SANDBOX + "\",\"jobId\":\"" + JOB + "\"";

    private static final JsonMapper JSON = new JsonMapper();

    /** A message, and the error that answers it. */
    record Bad(String message, String code, String text) {
        @Override
        public String toString() {
            return message.length() > 100 ? message.substring(0, 100) + "… " + message.length() : message;
        }
    }

    @TestHTTPResource
    URI base;

    private @Nullable JobCalls alice;
    private @Nullable JobCalls bob;
    private String job = "";
    private String othersJob = "";

    @BeforeAll
    static void logAsMuchAsStaging() {
        OURS.setLevel(org.jboss.logmanager.Level.DEBUG);
    }

    @AfterAll
    static void logAsBefore() {
        OURS.setLevel(null);
    }

    @BeforeEach
    void endedJobs() {
        if (alice == null || bob == null) {
            alice = JobCalls.ofSomebody();
            bob = JobCalls.ofSomebody();
            job = alice.started("echo done");
            othersJob = bob.started("echo done");
            alice.ended(job);
            bob.ended(othersJob);
        }
    }

    static List<Bad> corpus() {
        List<Bad> all = new ArrayList<>();
        all.addAll(noMessages());
        all.addAll(otherTypes());
        all.addAll(fields());
        all.addAll(otherThings());
        return all;
    }

    private static List<Bad> noMessages() {
        List<Bad> all = new ArrayList<>();
        for (String text : new String[] {
            "",
            " ",
            "hush",
            "null",
            "true",
            "1",
            "\"ping\"",
            "[]",
            "[\"ping\"]",
            "[\"ping\",{}]",
            "[{\"type\":\"ping\"}]",
            "}",
            "ping",
            "<ping/>",
            "type=ping",
            "\u0000",
            "\uFEFF{\"type\":\"ping\"}",
            "//\n{\"type\":\"ping\"}"
        }) {
            all.add(new Bad(text, "invalid_message", "the message is not a JSON object"));
        }
        for (String text : new String[] {
            "{",
            "{\"type\"",
            "{\"type\":",
            "{\"type\":\"ping\"",
            "{\"type\":\"ping\",}",
            "{\"type\":\"ping\"}}",
            "{type:\"ping\"}",
            "{'type':'ping'}",
            "{\"type\":\"ping\"} {\"type\":\"ping\"}",
            "{\"type\":\"ping\"}x",
            "{\"type\":\"ping\"}[]",
            "{\"type\":\"pi\nng\"}",
            "{\"type\":\"ping\"/**/}",
            "{\"type\":\"\\q\"}",
            "{\"type\":\"ping\";}",
            "{,}"
        }) {
            all.add(new Bad(text, "invalid_message", "the message is not valid JSON"));
        }
        for (String rest : new String[] {"hush\u0000\"}", "hush\n\"}", "hush", "\\q\"}", "\\u00\"}"}) {
            String text = "{\"type\":\"input\"," + NAMED + ",\"data\":\"" + rest;
            all.add(new Bad(text, "invalid_message", "data: is not of the right type"));
        }
        return all;
    }

    private static List<Bad> otherTypes() {
        List<Bad> all = new ArrayList<>();
        for (String text : new String[] {
            "{}", "{\"type\":null}", "{\"Type\":\"ping\"}", "{\"TYPE\":\"ping\"}", "{\"foo\":\"hush\"}"
        }) {
            all.add(new Bad(text, "invalid_message", "type: is missing"));
        }
        for (String type : new String[] {
            "\"\"",
            "\"PING\"",
            "\"Ping\"",
            "\"ping \"",
            "\" ping\"",
            "\"pong\"",
            "\"hush\"",
            "\"heartbeat\"",
            "\"log\"",
            "\"done\"",
            "\"admin\"",
            "\"ClientMessage$Ping\"",
            "\"dev.omni.stream.ClientMessage$Ping\"",
            "\"java.lang.Runtime\"",
            "\"__proto__\"",
            "\"ping\\u0000\"",
            "\"" + "a".repeat(10_000) + "\"",
            "1",
            "true"
        }) {
            all.add(new Bad("{\"type\":" + type + "}", "invalid_message", "type: is not known"));
        }
        return all;
    }

    private static List<Bad> fields() {
        List<Bad> all = new ArrayList<>();
        // A field that the message does not have.
        for (String[] message : new String[][] {
            {"{\"type\":\"ping\",\"foo\":\"hush\"}", "foo"},
            {"{\"type\":\"ping\",\"sandboxId\":\"x\"}", "sandboxId"},
            {"{\"type\":\"ping\",\"ts\":1}", "ts"},
            {"{\"type\":\"ping\",\"@class\":\"hush\"}", "@class"},
            {"{\"type\":\"auth\",\"token\":\"hush\",\"sub\":\"bob\"}", "sub"},
            {"{\"type\":\"cancel\"," + NAMED + ",\"userId\":\"bob\"}", "userId"},
            {"{\"type\":\"cancel\"," + NAMED + ",\"cursor\":\"x\"}", "cursor"},
            {"{\"type\":\"unsubscribe\"," + NAMED + ",\"data\":\"hush\"}", "data"},
            {"{\"type\":\"input\"," + NAMED + ",\"data\":\"hush\",\"eof\":true}", "eof"},
            {"{\"type\":\"subscribe\"," + NAMED + ",\"from\":0}", "from"},
            {"{\"type\":\"subscribe\"," + NAMED + ",\"Cursor\":\"x\"}", "Cursor"},
            {"{\"type\":\"ping\",\"" + "a".repeat(500) + "\":1}", "a".repeat(64) + "…"}
        }) {
            all.add(new Bad(message[0], "invalid_message", message[1] + ": is not a field of this message"));
        }
        // A field that the message needs.
        for (String type : new String[] {"unsubscribe", "input", "cancel"}) {
            all.add(new Bad("{\"type\":\"" + type + "\"}", "invalid_message", "sandboxId: is missing"));
            all.add(new Bad(
                    "{\"type\":\"" + type + "\",\"sandboxId\":null,\"jobId\":\"" + JOB + "\"}",
                    "invalid_message",
                    "sandboxId: is missing"));
            all.add(new Bad("{\"type\":\"" + type + "\",\"sandboxId\":\"x\"}", "invalid_message", "jobId: is missing"));
            all.add(new Bad(
                    "{\"type\":\"" + type + "\",\"sandboxId\":\"x\",\"jobId\":null}",
                    "invalid_message",
                    "jobId: is missing"));
        }
        all.add(new Bad(
                "{\"type\":\"subscribe\",\"jobId\":\"" + JOB + "\"}", "invalid_message", "sandboxId: is missing"));
        all.add(new Bad("{\"type\":\"subscribe\",\"sandboxId\":\"x\"}", "invalid_message", "jobId: is missing"));
        all.add(new Bad("{\"type\":\"subscribe\",\"cursor\":\"x\"}", "invalid_message", "sandboxId: is missing"));
        all.add(new Bad("{\"type\":\"input\"," + NAMED + "}", "invalid_message", "data: is missing"));
        all.add(new Bad("{\"type\":\"input\"," + NAMED + ",\"data\":null}", "invalid_message", "data: is missing"));
        all.add(new Bad("{\"type\":\"auth\"}", "invalid_message", "token: is missing"));
        all.add(new Bad("{\"type\":\"auth\",\"token\":null}", "invalid_message", "token: is missing"));
        // A field of another type.
        for (String value : new String[] {
            "1", "1.5", "true", "[]", "[\"x\"]", "{}", "{\"a\":\"hush\"}", "\"\\ud800\"", "\"hush\\udc00\""
        }) {
            all.add(new Bad(
                    "{\"type\":\"cancel\",\"sandboxId\":" + value + ",\"jobId\":\"" + JOB + "\"}",
                    "invalid_message",
                    "sandboxId: is not of the right type"));
            all.add(new Bad(
                    "{\"type\":\"input\"," + NAMED + ",\"data\":" + value + "}",
                    "invalid_message",
                    "data: is not of the right type"));
            all.add(new Bad(
                    "{\"type\":\"subscribe\"," + NAMED + ",\"cursor\":" + value + "}",
                    "invalid_message",
                    "cursor: is not of the right type"));
            all.add(new Bad(
                    "{\"type\":\"auth\",\"token\":" + value + "}",
                    "invalid_message",
                    "token: is not of the right type"));
        }
        for (String value : new String[] {
            "1",
            "true",
            "[]",
            "{}",
            "\"x\"",
            "\"" + JOB + "0\"",
            "\"" + JOB.replace("-", "") + "\"",
            "\"1-1-1-1-1\"",
            "\"../" + JOB + "\""
        }) {
            all.add(new Bad(
                    "{\"type\":\"cancel\",\"sandboxId\":\"x\",\"jobId\":" + value + "}",
                    "invalid_message",
                    "jobId: is not of the right type"));
        }
        // A name that can be none.
        for (String name :
                new String[] {"", "a\\u0000", "a\\nb", "\\u001b[31m", "\\u007f", "\\u0085", "a".repeat(513)}) {
            all.add(new Bad(
                    "{\"type\":\"cancel\",\"sandboxId\":\"" + name + "\",\"jobId\":\"" + JOB + "\"}",
                    "invalid_message",
                    "sandboxId: must be 1 to 512 printable characters"));
            all.add(new Bad(
                    "{\"type\":\"subscribe\"," + NAMED + ",\"cursor\":\"" + name + "\"}",
                    "invalid_message",
                    "cursor: must be 1 to 512 printable characters"));
        }
        // A field twice.
        for (String message : new String[] {
            "{\"type\":\"ping\",\"type\":\"ping\"}",
            "{\"type\":\"ping\",\"type\":\"cancel\"}",
            "{\"type\":\"ping\",\"t\\u0079pe\":\"ping\"}"
        }) {
            all.add(new Bad(message, "invalid_message", "Duplicate field 'type'"));
        }
        all.add(new Bad(
                "{\"type\":\"cancel\"," + NAMED + ",\"sandboxId\":\"x\"}",
                "invalid_message",
                "Duplicate field 'sandboxId'"));
        all.add(new Bad(
                "{\"type\":\"auth\",\"token\":\"hush\",\"token\":\"hush\"}",
                "invalid_message",
                "Duplicate field 'token'"));
        all.add(new Bad(
                "{\"type\":\"input\"," + NAMED + ",\"data\":\"a\",\"data\":\"hush\"}",
                "invalid_message",
                "Duplicate field 'data'"));
        // Nested.
        for (int depth : new int[] {10, 999, 5_000}) {
            all.add(new Bad(
                    "{\"type\":\"auth\",\"token\":" + "[".repeat(depth) + "]".repeat(depth) + "}",
                    "invalid_message",
                    "token: is not of the right type"));
        }
        return all;
    }

    /** Right in form, about things that are not the caller's or not there. */
    private static List<Bad> otherThings() {
        List<Bad> all = new ArrayList<>();
        for (String rest : new String[] {"\"subscribe\"", "\"input\",\"data\":\"hush\"", "\"cancel\""}) {
            String type = "{\"type\":" + rest + ",";
            for (String sandbox : new String[] {
                OTHERS_SANDBOX,
                "0b6f6a0e-3d1b-4d8e-9b7b-9b5a0d2f7c55",
                "x",
                "..",
                "../" + OTHERS_SANDBOX,
                SANDBOX + "/../" + OTHERS_SANDBOX,
                "%2e%2e",
                "a/b",
                "a?b=c",
                "a#b",
                "*",
                "$(id)",
                "' OR 1=1--",
                "\\\\",
                "ä",
                "<b>",
                "a".repeat(512)
            }) {
                all.add(new Bad(
                        type + "\"sandboxId\":\"" + sandbox + "\",\"jobId\":\"" + OTHERS_JOB + "\"}",
                        "sandbox_not_found",
                        "You have no sandbox with that id."));
            }
            for (String unknown : new String[] {
                OTHERS_JOB, "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"
            }) {
                all.add(new Bad(
                        type + "\"sandboxId\":\"" + SANDBOX + "\",\"jobId\":\"" + unknown + "\"}",
                        "job_not_found",
                        ""));
            }
        }
        for (String cursor : new String[] {
            "x",
            "0",
            "-1",
            "AQ",
            "====",
            "AQgAAAAAAAAAAAAAAAA",
            "AggAAAAAAAAAAAAAAAA",
            "AYD__________wAAAAA",
            "null",
            "../x",
            "$(id)",
            "ä",
            "a".repeat(512)
        }) {
            all.add(new Bad(
                    "{\"type\":\"subscribe\"," + NAMED + ",\"cursor\":\"" + cursor + "\"}",
                    "invalid_cursor",
                    "The cursor cannot be used: "));
        }
        all.add(new Bad(
                "{\"type\":\"input\"," + NAMED + ",\"data\":\"hush\"}", "job_finished", "The job has finished."));
        all.add(new Bad("{\"type\":\"cancel\"," + NAMED + "}", "job_finished", "The job has finished."));
        return all;
    }

    @ParameterizedTest(name = "{index} {0}")
    @MethodSource("corpus")
    void aBadMessageIsAnsweredByTheRightError(Bad bad) {
        try (LogLines log = new LogLines("");
                TestClient client = connected()) {
            client.send(addressed(bad.message()));

            JsonNode error = client.nextOfJobs();
            assertThat(error.path("type").asText()).isEqualTo("error");
            assertThat(error.path("code").asText()).isEqualTo(bad.code());
            assertThat(error.path("message").asText()).startsWith(bad.text());
            assertThat(error.has("cursor")).isFalse();
            assertThat(error.toString()).doesNotContain("Exception", "dev.omni", "java.", "jackson");
            livesOn(client);
            assertThatNothingIsIn(log);
        }
    }

    static List<Forged> forged() throws GeneralSecurityException {
        return ForgedTokens.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forged")
    void aForgedTokenRenewsNothing(Forged forged) {
        try (LogLines log = new LogLines("");
                TestClient client = connected()) {
            client.send(JSON.createObjectNode()
                    .put("type", "auth")
                    .put("token", forged.token())
                    .toString());

            assertThat(client.nextOfJobs().path("code").asText()).isEqualTo("invalid_token");
            livesOn(client);
            assertThatNothingIsIn(log);
        }
        assertThat(TestClient.refusal(base, Map.of("Authorization", "Bearer " + forged.token())))
                .isEqualTo(401);
    }

    @Test
    void aCursorFromBehindTheEndIsOfNoUse() {
        byte[] cursor =
                Base64.getUrlDecoder().decode(alice().get(job).jsonPath().getString("cursor"));
        // An offset that no log has, in a cursor that is otherwise right.
        ByteBuffer.wrap(cursor).putLong(2, 1L << 40);
        String forged = Base64.getUrlEncoder().withoutPadding().encodeToString(cursor);
        try (TestClient client = connected()) {
            client.send(addressed("{\"type\":\"subscribe\"," + NAMED + ",\"cursor\":\"" + forged + "\"}"));

            assertThat(client.nextOfJobs().path("type").asText()).isEqualTo("subscribed");
            JsonNode error = client.nextOfJobs();
            assertThat(error.path("type").asText()).isEqualTo("error");
            assertThat(error.path("code").asText()).isEqualTo("invalid_cursor");
            livesOn(client);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 125, 126, 65_535})
    void aBinaryFrameIsNoMessage(int length) {
        byte[] ping = "{\"type\":\"ping\"}".getBytes(StandardCharsets.UTF_8);
        for (byte[] bytes : List.of(new byte[length], ping)) {
            try (TestClient client = connected()) {
                client.sendBinary(bytes);

                JsonNode error = client.nextOfJobs();
                assertThat(error.path("code").asText()).isEqualTo("invalid_message");
                assertThat(error.path("message").asText()).isEqualTo("a message is a text frame");
                livesOn(client);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"80", "c0af", "eda080", "f4908080", "ff", "e282"})
    void aTextFrameThatIsNoTextIsNoMessage(String hex) {
        try (LogLines log = new LogLines("");
                RawClient client = new RawClient(base)) {
            assertThat(client.handshake(Map.of("Authorization", "Bearer " + TestUsers.token(alice().userId()))))
                    .startsWith("HTTP/1.1 101 ");
            client.send(RawClient.frame(0x80 | RawClient.TEXT, HexFormat.of().parseHex(hex)));

            await().pollInterval(Duration.ofMillis(10)).until(() -> {
                client.read(10_000);
                return client.text().contains("the message is not a JSON object");
            });
            assertThatNothingIsIn(log);
        }
    }

    @Test
    void theCorpusIsLargeAndNothingInItTwice() {
        var distinct = new HashSet<String>();
        assertThat(corpus()).filteredOn(bad -> !distinct.add(bad.message())).isEmpty();
        assertThat(corpus()).hasSizeGreaterThan(200);
    }

    private TestClient connected() {
        TestClient client = TestClient.connect(base, TestUsers.token(alice().userId()));
        assertThat(client.nextType()).isEqualTo("heartbeat");
        return client;
    }

    private static void livesOn(TestClient client) {
        client.send("{\"type\":\"ping\"}");
        assertThat(client.nextType()).isEqualTo("heartbeat");
    }

    private static void assertThatNothingIsIn(LogLines log) {
        assertThat(log.lines()).allSatisfy(line -> {
            assertThat(line.level().intValue()).as("%s", line).isLessThanOrEqualTo(Level.INFO.intValue());
            assertThat(line.hasStack()).as("%s", line).isFalse();
            assertThat(line.message()).doesNotContain("hush", "eyJ");
        });
    }

    private String addressed(String message) {
        return message.replace(SANDBOX, alice().sandboxId())
                .replace(JOB, job)
                .replace(OTHERS_SANDBOX, Objects.requireNonNull(bob).sandboxId())
                .replace(OTHERS_JOB, othersJob);
    }

    private JobCalls alice() {
        return Objects.requireNonNull(alice);
    }
}
