package dev.omni.limit;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class EdgeBucketsTest {
    private static final int MILLION = 1_000_000;
    private static final long NOW = Duration.ofHours(1).toNanos();

    private final EdgeBuckets buckets = new EdgeBuckets(new Rate(60, Duration.ofMinutes(1)));

    @Test
    void anAddressMaySendABurstAndThenOneAsEachComesBack() {
        assertThat(taken("192.0.2.1", 100, NOW)).isEqualTo(60);
        assertThat(buckets.take("192.0.2.1", NOW)).isEqualTo(Duration.ofSeconds(1));

        assertThat(taken("192.0.2.1", 10, NOW + Duration.ofSeconds(2).toNanos()))
                .isEqualTo(2);
        assertThat(taken("192.0.2.1", 100, NOW + Duration.ofHours(1).toNanos())).isEqualTo(60);
    }

    @Test
    void whatIsGivenBackMayBeTakenAgain() {
        taken("192.0.2.1", 60, NOW);
        buckets.giveBack("192.0.2.1");

        assertThat(buckets.left("192.0.2.1", NOW)).isEqualTo(1);
        assertThat(taken("192.0.2.1", 10, NOW)).isEqualTo(1);
    }

    @Test
    void aMillionAddressesTakeNoMemoryAndHideNobody() {
        taken("192.0.2.1", 60, NOW);
        String[] addresses = new String[MILLION];
        for (int i = 0; i < MILLION; i++) {
            addresses[i] = "2001:db8:%x:%x::".formatted(i >> 16, i & 0xffff);
        }

        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = thread.getCurrentThreadAllocatedBytes();
        int refused = 0;
        for (String address : addresses) {
            refused += buckets.take(address, NOW).isZero() ? 0 : 1;
        }
        long allocated = thread.getCurrentThreadAllocatedBytes() - before;

        // Anything kept for each would be some hundred bytes of it.
        assertThat(allocated).isLessThan(4L * MILLION);
        // Sixteen share a bucket on average, far from the sixty that each may take.
        assertThat(refused).isZero();
        assertThat(buckets.take("192.0.2.1", NOW).isZero()).isFalse();
    }

    @Test
    void thousandsWhoFloodKeepHardlyAnybodyElseOut() {
        for (int i = 0; i < 10_000; i++) {
            taken("198.51.%d.%d".formatted(i / 250, i % 250), 60, NOW);
        }

        int refused = 0;
        for (int i = 0; i < 10_000; i++) {
            refused += buckets.take("2001:db8::%x".formatted(i), NOW).isZero() ? 0 : 1;
        }
        assertThat(refused).isLessThan(100);
    }

    private int taken(String address, int times, long now) {
        int taken = 0;
        for (int i = 0; i < times; i++) {
            taken += buckets.take(address, now).isZero() ? 1 : 0;
        }
        return taken;
    }
}
