package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LivenessTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final Liveness liveness = new Liveness(Duration.ofSeconds(60), new Pace(Duration.ofMinutes(5), 1000), 0);

    @Test
    void aPeerThatAnswersIsProbedForEver() {
        for (int second = 25; second < 1000; second += 25) {
            assertThat(liveness.tick(second * SECOND)).isEqualTo(Liveness.Tick.PROBE);
            liveness.sign(second * SECOND);
        }
    }

    @Test
    void aPeerThatNeverAnswersIsGivenUp() {
        assertThat(liveness.tick(25 * SECOND)).isEqualTo(Liveness.Tick.PROBE);
        assertThat(liveness.tick(50 * SECOND)).isEqualTo(Liveness.Tick.PROBE);
        assertThat(liveness.tick(75 * SECOND)).isEqualTo(Liveness.Tick.GIVE_UP);
    }

    @Test
    void aReaderThatIsBehindGetsNoHeartbeat() {
        liveness.writing();

        assertThat(liveness.tick(25 * SECOND)).isEqualTo(Liveness.Tick.HOLD);

        liveness.drained(30 * SECOND, 100);
        assertThat(liveness.tick(50 * SECOND)).isEqualTo(Liveness.Tick.PROBE);
    }

    @Test
    void aReaderThatIsSlowButReadsIsNotGivenUp() {
        liveness.writing();
        for (int second = 25; second < 1000; second += 25) {
            assertThat(liveness.tick(second * SECOND)).isEqualTo(Liveness.Tick.HOLD);
            liveness.drained((second + 20) * SECOND, 100);
            liveness.writing();
        }
    }

    @Test
    void aReaderThatStoppedReadingIsGivenUp() {
        liveness.writing();

        assertThat(liveness.tick(25 * SECOND)).isEqualTo(Liveness.Tick.HOLD);
        assertThat(liveness.tick(75 * SECOND)).isEqualTo(Liveness.Tick.GIVE_UP);
    }

    @Test
    void aWriteThatDidNotHaveToWaitProvesNothing() {
        for (int second = 1; second <= 61; second++) {
            liveness.writing();
            liveness.drained(second * SECOND, 100);
        }

        assertThat(liveness.tick(61 * SECOND)).isEqualTo(Liveness.Tick.GIVE_UP);
    }

    @Test
    void aReaderThatIsThereButTakesNextToNothingIsTooSlow() {
        liveness.writing();
        assertThat(liveness.tick(0)).isEqualTo(Liveness.Tick.HOLD);
        for (int second = 25; second < 300; second += 25) {
            liveness.sign(second * SECOND);
            assertThat(liveness.tick(second * SECOND)).isEqualTo(Liveness.Tick.HOLD);
        }
        liveness.sign(300 * SECOND);

        assertThat(liveness.tick(300 * SECOND)).isEqualTo(Liveness.Tick.TOO_SLOW);
    }
}
