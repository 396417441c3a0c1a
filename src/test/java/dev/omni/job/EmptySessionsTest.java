package dev.omni.job;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.daytona.Session;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmptySessionsTest {
    private static final String SANDBOX = "sandbox";
    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

    /** Of version 8, as of a job with an Idempotency-Key: it says nothing of its age. */
    private static final UUID KEYED = UUID.fromString("01234567-89ab-8cde-8f01-23456789abcd");

    private Instant now = BEGIN;
    private final EmptySessions sessions = new EmptySessions(() -> now);

    @ParameterizedTest
    @ValueSource(strings = {"omni-", "omni-exec-"})
    void aSessionThatSaysHowOldItIsStartsForSoLong(String prefix) {
        Session session = empty(prefix + version7(BEGIN));

        assertThat(sessions.isStarting(SANDBOX, session)).isTrue();
        now = BEGIN.plus(EmptySessions.STARTING);
        assertThat(sessions.isStarting(SANDBOX, session)).isFalse();
        assertThat(sessions.isAbandoned(SANDBOX, session)).isFalse();
        now = BEGIN.plus(EmptySessions.ABANDONED).plusSeconds(1);
        assertThat(sessions.isAbandoned(SANDBOX, session)).isTrue();
    }

    @Test
    void oneThatDoesNotIsAsOldAsItIsKnown() {
        Session session = empty("omni-" + KEYED);

        assertThat(sessions.isStarting(SANDBOX, session)).isTrue();
        now = now.plus(Duration.ofSeconds(20));
        assertThat(sessions.isStarting("another", session)).isTrue();
        now = now.plus(Duration.ofSeconds(10));
        assertThat(sessions.isStarting(SANDBOX, session)).isFalse();
        assertThat(sessions.isStarting("another", session)).isTrue();
        now = BEGIN.plus(EmptySessions.ABANDONED).plusSeconds(1);
        assertThat(sessions.isAbandoned(SANDBOX, session)).isTrue();
    }

    @Test
    void oneWithACommandIsNeither() {
        var command = new Session.Command("id", "true", null);
        Session session = new Session("omni-" + version7(BEGIN), List.of(command));

        assertThat(sessions.isStarting(SANDBOX, session)).isFalse();
        now = BEGIN.plus(Duration.ofDays(1));
        assertThat(sessions.isAbandoned(SANDBOX, session)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"omni-", "omni-x", "mine", "omni-not-a-uuid-but-as-long-as-one-of-them-is"})
    void oneThatIsNotOursIsNeither(String id) {
        assertThat(sessions.isStarting(SANDBOX, empty(id))).isFalse();
        now = BEGIN.plus(Duration.ofDays(1));
        assertThat(sessions.isAbandoned(SANDBOX, empty(id))).isFalse();
    }

    private static Session empty(String id) {
        return new Session(id, List.of());
    }

    private static UUID version7(Instant at) {
        return new UUID(at.toEpochMilli() << 16 | 0x7000L, 0x8000000000000000L);
    }
}
