package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.sandbox.SandboxStatus;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What replicas send each other is understood exactly as it was meant, or not at all. */
class EnvelopeTest {
    private static final UUID REPLICA = UUID.fromString("4f6f8a39-9f3c-4a35-9a5c-25a0d2f7c551");
    private static final UUID JOB = UUID.fromString("019ab2f0-7d1c-7c7e-9a63-0c1f5f3c2b11");

    static Announcement[] announcements() {
        return new Announcement[] {
            new Announcement.Job("alice", "box", JOB, 1234),
            new Announcement.Job("用".repeat(255), "b".repeat(64), JOB, Long.MAX_VALUE),
            new Announcement.Sandbox("alice", "box", SandboxStatus.READY),
            new Announcement.Hello(),
            new Announcement.Beat()
        };
    }

    @ParameterizedTest
    @MethodSource("announcements")
    void whatIsSentIsWhatIsHeard(Announcement announcement) {
        Envelope sent = Envelope.of(REPLICA, announcement);

        assertThat(Envelope.decode(Buffer.buffer(sent.encode()))).contains(sent);
    }

    @Test
    void theFormatIsThisOne() {
        // Replicas of two releases talk to each other while one takes the place of the other.
        assertThat(Envelope.of(REPLICA, new Announcement.Job("alice", "box", JOB, 1234))
                        .encode())
                .isEqualTo("""
                        {"version":1,"replica":"4f6f8a39-9f3c-4a35-9a5c-25a0d2f7c551","announcement":{"type":"job",\
                        "owner":"alice","sandboxId":"box","jobId":"019ab2f0-7d1c-7c7e-9a63-0c1f5f3c2b11","ageMillis":1234}}""");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "null",
                "[]",
                "{}",
                "{'version':1,'replica':'4f6f8a39-9f3c-4a35-9a5c-25a0d2f7c551'}",
                "{'version':1,'replica':null,'announcement':{'type':'hello'}}",
                "{'version':1,'replica':'me','announcement':{'type':'hello'}}",
                "{'version':2,'replica':'4f6f8a39-9f3c-4a35-9a5c-25a0d2f7c551','announcement':{'type':'hello'}}",
                "{'version':1,'version':1,'replica':'4f6f8a39-9f3c-4a35-9a5c-25a0d2f7c551','announcement':{'type':'hello'}}",
                "{'version':1,'replica':'4f6f8a39-9f3c-4a35-9a5c-25a0d2f7c551','announcement':{'type':'hello'}} {}"
            })
    void whatIsNoEnvelopeIsNothing(String payload) {
        assertThat(decode(payload)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "'hello'",
                "{}",
                "{'type':'other'}",
                "{'type':'hello','more':1}",
                "{'type':'job','owner':'a','sandboxId':'b','jobId':'c','ageMillis':1}",
                "{'type':'job','owner':'a','sandboxId':'b','jobId':'019ab2f0-7d1c-7c7e-9a63-0c1f5f3c2b11'}",
                "{'type':'job','owner':'a','sandboxId':'b','jobId':'019ab2f0-7d1c-7c7e-9a63-0c1f5f3c2b11','ageMillis':-1}",
                "{'type':'job','owner':'a','sandboxId':'b','jobId':'019ab2f0-7d1c-7c7e-9a63-0c1f5f3c2b11','ageMillis':'1'}",
                "{'type':'job','owner':'a','sandboxId':'b','jobId':'019ab2f0-7d1c-7c7e-9a63-0c1f5f3c2b11','ageMillis':99999999999999999999}",
                "{'type':'job','owner':null,'sandboxId':'b','jobId':'019ab2f0-7d1c-7c7e-9a63-0c1f5f3c2b11','ageMillis':1}",
                "{'type':'job','owner':1,'sandboxId':'b','jobId':'019ab2f0-7d1c-7c7e-9a63-0c1f5f3c2b11','ageMillis':1}",
                "{'type':'sandbox','owner':'a','sandboxId':'b','status':'dancing'}",
                "{'type':'sandbox','owner':'a','sandboxId':'b','status':1}"
            })
    void anAnnouncementThatIsNotExactlyOneIsNothing(String announcement) {
        assertThat(decode("{'version':1,'replica':'" + REPLICA + "','announcement':" + announcement + "}"))
                .isEmpty();
        assertThat(decode("{'version':1,'replica':'" + REPLICA + "','announcement':{'type':'hello'}}"))
                .isPresent();
    }

    @Test
    void bytesThatAreNoTextAndWhatIsTooLargeAreNothing() {
        assertThat(Envelope.decode(Buffer.buffer(new byte[] {'{', (byte) 0xff, (byte) 0xfe, 0})))
                .isEmpty();
        assertThat(Envelope.decode(Buffer.buffer("[".repeat(4000)))).isEmpty();
        String hello = Envelope.of(REPLICA, new Announcement.Hello()).encode();
        assertThat(Envelope.decode(Buffer.buffer(hello + " ".repeat(5000)))).isEmpty();
    }

    private static Optional<Envelope> decode(String payload) {
        return Envelope.decode(Buffer.buffer(payload.replace('\'', '"')));
    }
}
