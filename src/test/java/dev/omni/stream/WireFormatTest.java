package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.omni.job.JobEvent;
import dev.omni.job.JobStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WireFormatTest {
    private static final UUID JOB = UUID.fromString("0193f1a0-0000-7000-8000-000000000001");
    private static final JobKey KEY = new JobKey("box", JOB);
    private static final Instant AT = Instant.ofEpochMilli(1700000000123L);

    @Test
    void readsEveryMessageOfTheProtocol() {
        String job = "\"sandboxId\":\"box\",\"jobId\":\"" + JOB + "\"";

        assertThat(WireFormat.decode("{\"type\":\"ping\"}")).isEqualTo(new ClientMessage.Ping());
        assertThat(WireFormat.decode("{\"type\":\"subscribe\"," + job + "}"))
                .isEqualTo(new ClientMessage.Subscribe("box", JOB, null));
        assertThat(WireFormat.decode("{" + job + ",\"cursor\":\"abc\",\"type\":\"subscribe\"}"))
                .isEqualTo(new ClientMessage.Subscribe("box", JOB, "abc"));
        assertThat(WireFormat.decode("{\"type\":\"subscribe\"," + job + ",\"cursor\":null}"))
                .isEqualTo(new ClientMessage.Subscribe("box", JOB, null));
        assertThat(WireFormat.decode("{\"type\":\"unsubscribe\"," + job + "}"))
                .isEqualTo(new ClientMessage.Unsubscribe("box", JOB));
        assertThat(WireFormat.decode("{\"type\":\"input\"," + job + ",\"data\":\"y\\n\"}"))
                .isEqualTo(new ClientMessage.Input("box", JOB, "y\n"));
        assertThat(WireFormat.decode("{\"type\":\"cancel\"," + job + "}"))
                .isEqualTo(new ClientMessage.Cancel("box", JOB));
        assertThat(WireFormat.decode("{\"type\":\"auth\",\"token\":\"t\"}")).isEqualTo(new ClientMessage.Auth("t"));
    }

    @Test
    void anOlderClientsSubscribeWithoutAJobAsksForNothing() {
        assertThat(WireFormat.decode("{\"type\":\"subscribe\"}"))
                .isInstanceOfSatisfying(
                        ClientMessage.Subscribe.class,
                        subscribe -> assertThat(subscribe.job()).isEqualTo(Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | the message is not a JSON object",
                "hello | the message is not a JSON object",
                "null | the message is not a JSON object",
                "1 | the message is not a JSON object",
                "\"ping\" | the message is not a JSON object",
                "[\"ping\",{}] | the message is not a JSON object",
                "{ | the message is not valid JSON",
                "{\"type\":\"ping\"}} | the message is not valid JSON",
                "{\"type\":\"ping\"} {} | the message is not valid JSON",
                "{type:\"ping\"} | the message is not valid JSON",
                "{} | type: is missing",
                "{\"type\":null} | type: is missing",
                "{\"type\":\"PING\"} | type: is not known",
                "{\"type\":\"log\"} | type: is not known",
                "{\"type\":\"ping\",\"x\":1} | x: is not a field of this message",
                "{\"type\":\"ping\",\"type\":\"ping\"} | Duplicate field 'type'",
                "{\"type\":\"auth\",\"token\":\"a\",\"token\":\"b\"} | Duplicate field 'token'",
                "{\"type\":\"auth\"} | token: is missing",
                "{\"type\":\"auth\",\"token\":null} | token: is missing",
                "{\"type\":\"auth\",\"token\":5} | token: is not of the right type",
                "{\"type\":\"auth\",\"token\":true} | token: is not of the right type",
                "{\"type\":\"auth\",\"token\":{}} | token: is not of the right type",
                "{\"type\":\"auth\",\"token\":[\"a\"]} | token: is not of the right type",
                "{\"type\":\"subscribe\",\"sandboxId\":\"box\"} | jobId: is missing",
                "{\"type\":\"subscribe\",\"cursor\":\"c\"} | sandboxId: is missing",
                "{\"type\":\"cancel\",\"jobId\":\"0193f1a0-0000-7000-8000-000000000001\"} | sandboxId: is missing",
                "{\"type\":\"cancel\",\"sandboxId\":\"box\",\"jobId\":\"7\"} | jobId: is not of the right type",
                "{\"type\":\"cancel\",\"sandboxId\":\"box\",\"jobId\":7} | jobId: is not of the right type",
                "{\"type\":\"cancel\",\"sandboxId\":\"box\",\"jobId\":\"\"} | jobId: is missing",
            })
    void refusesWhatIsNoMessageAndNamesTheField(String text, String reason) {
        assertThatThrownBy(() -> WireFormat.decode(text))
                .isInstanceOf(InvalidMessageException.class)
                .hasMessageStartingWith(reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a\\u0000b", "a\\nb"})
    void refusesNamesThatCannotBeNames(String sandboxId) {
        String text = "{\"type\":\"cancel\",\"jobId\":\"" + JOB + "\",\"sandboxId\":\"" + sandboxId + "\"}";

        assertThatThrownBy(() -> WireFormat.decode(text))
                .isInstanceOf(InvalidMessageException.class)
                .hasMessageStartingWith("sandboxId: ");
    }

    @Test
    void refusesOverlongNamesAndDoesNotRepeatThem() {
        String huge = "x".repeat(10_000);

        assertThatThrownBy(() -> WireFormat.decode(
                        "{\"type\":\"cancel\",\"jobId\":\"" + JOB + "\",\"sandboxId\":\"" + huge + "\"}"))
                .isInstanceOf(InvalidMessageException.class)
                .hasMessageStartingWith("sandboxId: ");
        assertThatThrownBy(() -> WireFormat.decode("{\"type\":\"ping\",\"" + huge + "\":1}"))
                .isInstanceOf(InvalidMessageException.class)
                .satisfies(refused -> assertThat(refused.getMessage()).hasSizeLessThan(200));
    }

    @Test
    void noInputDoesMoreThanBeRefused() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        String[] pieces = {
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"type\"",
            "\"ping\"",
            "\"subscribe\"",
            "\"input\"",
            "\"sandboxId\"",
            "\"jobId\"",
            "\"data\"",
            "\"" + JOB + "\"",
            "null",
            "1e999",
            "-0",
            "\"\\ud800\"",
            "\"\\u0000\"",
            " ",
            "\\",
            "true"
        };
        for (int i = 0; i < 20_000; i++) {
            String text;
            if (i % 2 == 0) {
                var bytes = new byte[random.nextInt(64)];
                random.nextBytes(bytes);
                text = "{" + new String(bytes, StandardCharsets.UTF_8);
            } else {
                var builder = new StringBuilder("{\"type\":\"subscribe\"");
                for (int n = random.nextInt(12); n > 0; n--) {
                    builder.append(pieces[random.nextInt(pieces.length)]);
                }
                text = builder.append('}').toString();
            }
            try {
                assertThat(WireFormat.decode(text)).isNotNull();
            } catch (InvalidMessageException refused) {
                assertThat(refused.text()).as("seed %d, %s", seed, text).isNotBlank();
            }
        }
    }

    @Test
    void deepNestingIsRefused() {
        assertThatThrownBy(() -> WireFormat.decode("{\"type\":\"ping\",\"x\":" + "[".repeat(60_000)))
                .isInstanceOf(InvalidMessageException.class);
    }

    @Test
    void writesOutput() {
        assertThat(encode(
                        ServerMessage.of(KEY, new JobEvent.Log("c1", AT, JobEvent.OutputStream.STDOUT, "hi\n", false))))
                .isEqualTo(
                        "{\"type\":\"log\",\"sandboxId\":\"box\",\"jobId\":\"" + JOB
                                + "\",\"level\":\"info\",\"ts\":1700000000123,\"data\":\"hi\\n\",\"stream\":\"stdout\",\"cursor\":\"c1\"}");
        assertThat(encode(
                        ServerMessage.of(KEY, new JobEvent.Log("c2", AT, JobEvent.OutputStream.STDERR, "/w==", true))))
                .isEqualTo(
                        "{\"type\":\"log\",\"sandboxId\":\"box\",\"jobId\":\"" + JOB
                                + "\",\"level\":\"error\",\"ts\":1700000000123,\"data\":\"/w==\",\"stream\":\"stderr\",\"encoding\":\"base64\",\"cursor\":\"c2\"}");
    }

    @Test
    void writesResultFailureAndEnd() {
        assertThat(encode(ServerMessage.of(
                        KEY, new JobEvent.Result("c", AT, new JobEvent.JobResult("# Done", "s", 0.25, 3, false)))))
                .isEqualTo(
                        "{\"type\":\"result\",\"sandboxId\":\"box\",\"jobId\":\"" + JOB
                                + "\",\"ts\":1700000000123,\"format\":\"markdown\",\"data\":\"# Done\",\"cursor\":\"c\",\"sessionId\":\"s\",\"costUsd\":0.25,\"turns\":3,\"isError\":false}");
        assertThat(encode(ServerMessage.of(KEY, new JobEvent.Failure("c", AT, "cancelled", "stopped"))))
                .isEqualTo("{\"type\":\"error\",\"sandboxId\":\"box\",\"jobId\":\"" + JOB
                        + "\",\"ts\":1700000000123,\"code\":\"cancelled\",\"message\":\"stopped\",\"cursor\":\"c\"}");
        assertThat(encode(ServerMessage.of(KEY, new JobEvent.Done("c", AT, 124, JobStatus.TIMED_OUT))))
                .isEqualTo("{\"type\":\"done\",\"sandboxId\":\"box\",\"jobId\":\"" + JOB
                        + "\",\"ts\":1700000000123,\"exitCode\":124,\"status\":\"timed_out\",\"cursor\":\"c\"}");
    }

    @Test
    void leavesOutWhatIsNotKnown() {
        assertThat(encode(new ServerMessage.Failure(null, null, 5, "invalid_message", "no", null)))
                .isEqualTo("{\"type\":\"error\",\"ts\":5,\"code\":\"invalid_message\",\"message\":\"no\"}");
        assertThat(encode(new ServerMessage.Heartbeat(5))).isEqualTo("{\"type\":\"heartbeat\",\"ts\":5}");
        assertThat(encode(new ServerMessage.Subscribed("box", JOB, "c")))
                .isEqualTo(
                        "{\"type\":\"subscribed\",\"sandboxId\":\"box\",\"jobId\":\"" + JOB + "\",\"cursor\":\"c\"}");
    }

    private static String encode(ServerMessage message) {
        return new String(WireFormat.encode(message), StandardCharsets.UTF_8);
    }
}
