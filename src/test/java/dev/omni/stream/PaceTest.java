package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final int TICK = 25;
    private static final int HOUR = 3600;

    private final Pace pace = new Pace(Duration.ofMinutes(5), 1_000_000);

    @Test
    void aReaderThatIsNeverBehindIsLeftAloneHoweverLittleItTakes() {
        for (int second = 0; second < HOUR; second += TICK) {
            assertThat(pace.isTooSlow(false, second * SECOND)).isFalse();
        }
    }

    @Test
    void aSteadyReaderOfAHugeLogIsLeftAloneHoweverFarItIsBehind() {
        for (int second = 0; second < HOUR; second += TICK) {
            assertThat(pace.isTooSlow(true, second * SECOND)).isFalse();
            pace.took(TICK * 4_000);
        }
    }

    @Test
    void aReaderThatTakesItByTheMegabyteEveryFewMinutesIsLeftAlone() {
        for (int second = 0; second < HOUR; second += TICK) {
            if (second % 200 == 100) {
                pace.took(1_300_000);
            }
            assertThat(pace.isTooSlow(true, second * SECOND)).isFalse();
        }
    }

    @Test
    void aReaderThatStaysBehindAndTakesTooLittleIsTooSlow() {
        for (int second = 0; second < 300; second += TICK) {
            assertThat(pace.isTooSlow(true, second * SECOND)).isFalse();
            pace.took(TICK * 3_000);
        }

        assertThat(pace.isTooSlow(true, 300 * SECOND)).isTrue();
    }

    @Test
    void aReaderThatCaughtUpOnceBeginsAnew() {
        assertThat(pace.isTooSlow(true, 0)).isFalse();
        assertThat(pace.isTooSlow(false, 275 * SECOND)).isFalse();
        assertThat(pace.isTooSlow(true, 300 * SECOND)).isFalse();
        assertThat(pace.isTooSlow(true, 575 * SECOND)).isFalse();
        assertThat(pace.isTooSlow(true, 600 * SECOND)).isTrue();
    }

    @Test
    void whatWasTakenBeforeTheReaderFellBehindDoesNotCount() {
        pace.took(10_000_000);
        assertThat(pace.isTooSlow(true, 0)).isFalse();

        assertThat(pace.isTooSlow(true, 300 * SECOND)).isTrue();
    }
}
