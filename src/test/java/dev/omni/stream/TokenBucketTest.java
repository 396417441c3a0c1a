package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TokenBucketTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final TokenBucket bucket = new TokenBucket(3, 2, 0);

    @Test
    void allowsABurstAndThenTheRate() {
        assertThat(takenAt(0)).isEqualTo(3);
        assertThat(takenAt(SECOND)).isEqualTo(2);
        assertThat(takenAt(SECOND + SECOND / 2)).isEqualTo(1);
    }

    @Test
    void savesUpNoMoreThanTheBurst() {
        assertThat(takenAt(1000 * SECOND)).isEqualTo(3);
    }

    private int takenAt(long now) {
        int taken = 0;
        while (bucket.tryTake(now)) {
            taken++;
        }
        return taken;
    }
}
