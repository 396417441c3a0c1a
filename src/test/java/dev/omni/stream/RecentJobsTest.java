package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RecentJobsTest {
    /** Close to where the clock turns over, which it may do at any time. */
    private static final long START = Long.MAX_VALUE - Duration.ofSeconds(10).toNanos();

    private final RecentJobs recent = new RecentJobs(3, Duration.ofSeconds(60));

    @Test
    void aJobIsToldWithItsAge() {
        UUID job = add(0);

        assertThat(recent.announcements(after(17))).containsExactly(new Announcement.Job("alice", "box", job, 17_000));
    }

    @Test
    void aJobIsToldAsLongAsItIsKeptAndNoLonger() {
        add(0);
        UUID second = add(30);

        assertThat(recent.announcements(after(60))).hasSize(2);
        assertThat(recent.announcements(after(61)))
                .containsExactly(new Announcement.Job("alice", "box", second, 31_000));
        assertThat(recent.announcements(after(91))).isEmpty();
    }

    @Test
    void ofTooManyTheNewestAreKept() {
        var jobs = IntStream.range(0, 5).mapToObj(this::add).toList();

        assertThat(recent.announcements(after(5)))
                .extracting(announcement -> ((Announcement.Job) announcement).jobId())
                .containsExactlyElementsOf(jobs.subList(2, 5));
    }

    private UUID add(int second) {
        UUID job = UUID.randomUUID();
        recent.add(new RecentJobs.Started("alice", "box", job, after(second)));
        return job;
    }

    private static long after(int seconds) {
        return START + Duration.ofSeconds(seconds).toNanos();
    }
}
