package dev.omni.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import java.util.Base64;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListCursorTest {
    private static final String BINDING = Fingerprint.of("test", "alice");

    @Test
    void givesBackWhatDaytonaSaid() {
        String cursor = ListCursor.encode(BINDING, "eyJpZCI6Mn0=");
        assertThat(cursor).matches("[A-Za-z0-9_-]+");
        assertThat(ListCursor.decode(BINDING, cursor)).isEqualTo("eyJpZCI6Mn0=");
    }

    @Test
    void isRefusedForAnotherList() {
        String cursor = ListCursor.encode(Fingerprint.of("test", "bob"), "x");
        assertRefused(cursor);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A", "not base64!", "====", "MQ"})
    void isRefusedWhenItIsNoneOfOurs(String cursor) {
        assertRefused(cursor);
    }

    @Test
    void isRefusedWhenNothingOfDaytonasIsInIt() {
        assertRefused(ListCursor.encode(BINDING, ""));
    }

    @Test
    void anythingAtAllIsEitherReadOrRefused() {
        long seed = System.nanoTime();
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        for (int i = 0; i < 5_000; i++) {
            byte[] bytes = new byte[random.nextInt(120)];
            random.nextBytes(bytes);
            String garbage = random.nextBoolean()
                    ? new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1)
                    : Base64.getUrlEncoder().encodeToString(bytes);
            assertThatThrownBy(() -> ListCursor.decode(BINDING, garbage))
                    .as("seed %d, case %d", seed, i)
                    .isInstanceOfSatisfying(
                            ProblemException.class,
                            problem -> assertThat(problem.code()).isEqualTo(ProblemCode.INVALID_CURSOR));
        }
    }

    @Test
    void whatIsFarTooLongIsNotEvenRead() {
        assertRefused(ListCursor.encode(BINDING, "x".repeat(4096)));
    }

    private static void assertRefused(String cursor) {
        assertThatThrownBy(() -> ListCursor.decode(BINDING, cursor))
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        problem -> assertThat(problem.code()).isEqualTo(ProblemCode.INVALID_CURSOR));
    }
}
