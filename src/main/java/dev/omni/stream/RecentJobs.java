package dev.omni.stream;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** The jobs that were started here lately, for replicas that may have missed it: only so many, and only for so long. */
final class RecentJobs {
    private final int max;
    private final long keepForNanos;
    private final Deque<Started> started = new ArrayDeque<>();

    RecentJobs(int max, Duration keepFor) {
        this.max = max;
        this.keepForNanos = keepFor.toNanos();
    }

    /** @param at when, as {@link System#nanoTime()} told it */
    record Started(String owner, String sandboxId, UUID jobId, long at) {
        Announcement.Job announcement(long now) {
            return new Announcement.Job(owner, sandboxId, jobId, TimeUnit.NANOSECONDS.toMillis(Math.max(0, now - at)));
        }
    }

    void add(Started job) {
        started.addLast(job);
        if (started.size() > max) {
            started.removeFirst();
        }
    }

    /** All that is still worth telling, the oldest first. */
    List<Announcement> announcements(long now) {
        while (!started.isEmpty() && now - started.getFirst().at() > keepForNanos) {
            started.removeFirst();
        }
        return started.stream().<Announcement>map(job -> job.announcement(now)).toList();
    }
}
