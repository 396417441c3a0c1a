package dev.omni.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.omni.job.Cursor.Stage;
import dev.omni.job.JobEvent.OutputStream;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import java.util.Base64;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CursorTest {
    private static final UUID JOB = UUID.fromString("019ab2f0-7d1c-7c7e-9a63-0c1f5f3c2b11");

    @ParameterizedTest
    @EnumSource
    void everyPositionComesBack(Stage stage) {
        for (OutputStream stream : OutputStream.values()) {
            for (long offset : new long[] {0, 1, 1L << 40, Long.MAX_VALUE}) {
                for (boolean lineStart : new boolean[] {true, false}) {
                    Cursor cursor = new Cursor(new LogPosition(offset, stream, lineStart), stage, offset > 0);
                    assertThat(Cursor.decode(cursor.encode(JOB), JOB)).isEqualTo(cursor);
                }
            }
        }
    }

    @Test
    void noCursorMeansTheStart() {
        assertThat(Cursor.decode(null, JOB)).isEqualTo(Cursor.START);
    }

    @Test
    void anotherJobsCursorIsRefused() {
        assertThatThrownBy(() -> Cursor.decode(Cursor.START.encode(UUID.randomUUID()), JOB))
                .isInstanceOfSatisfying(ProblemException.class, problem -> {
                    assertThat(problem.code()).isEqualTo(ProblemCode.INVALID_CURSOR);
                    assertThat(problem.detail()).contains("another job");
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "not base64!", "AAAA", "AQgAAAAAAAAAAFpWJZo=", "%00"})
    void malformedCursorsAreRefused(String text) {
        assertThatThrownBy(() -> Cursor.decode(text, JOB)).isInstanceOf(ProblemException.class);
    }

    @RepeatedTest(200)
    void garbageIsNeverAnythingButACursorOrARefusal(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        byte[] bytes = new byte[random.nextInt(20)];
        random.nextBytes(bytes);
        if (bytes.length > 0) {
            bytes[0] = 1;
        }
        String text = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        try {
            assertThat(Cursor.decode(text, JOB).encode(JOB)).isEqualTo(text);
        } catch (ProblemException refused) {
            assertThat(refused.code()).isEqualTo(ProblemCode.INVALID_CURSOR);
        }
    }
}
