package dev.omni.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PollPaceTest {
    private final PollPace pace = new PollPace(Duration.ofMillis(200), 1000);

    @Test
    void aYoungJobIsLookedAtMoreOften() {
        assertThat(pace.pause(Duration.ZERO)).isEqualTo(Duration.ofMillis(10));
        assertThat(pace.pause(Duration.ofMillis(100))).isEqualTo(Duration.ofMillis(50));
        assertThat(pace.pause(Duration.ofMinutes(5))).isEqualTo(Duration.ofMillis(200));
    }

    @Test
    void manyJobsTogetherAreLookedAtNoMoreThanTheMaximum() {
        IntStream.range(0, 500).forEach(i -> pace.joins());
        assertThat(pace.pause(Duration.ZERO)).isEqualTo(Duration.ofMillis(500));

        IntStream.range(0, 400).forEach(i -> pace.leaves());
        assertThat(pace.pause(Duration.ofMinutes(1))).isEqualTo(Duration.ofMillis(200));
    }
}
