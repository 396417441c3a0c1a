package dev.omni.stream;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.omni.job.JobEvent;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Job events as text on the wire. The readers of a job that keep up are given the same event objects, so each is written
 * as JSON once for all of them.
 */
@ApplicationScoped
class Frames {
    /** In bytes. Enough for what the readers of a few hundred busy jobs are about to be sent. */
    private static final long MAX_KEPT = 8L << 20;

    // Weak keys are told apart by identity, and forgotten with the event.
    private final Cache<JobEvent, byte[]> written = Caffeine.newBuilder()
            .weakKeys()
            .maximumWeight(MAX_KEPT)
            .<JobEvent, byte[]>weigher((event, text) -> text.length)
            .executor(Runnable::run)
            .build();

    /** @param job whose event it is; always the same for the same event */
    byte[] of(JobKey job, JobEvent event) {
        byte[] text = written.getIfPresent(event);
        if (text == null) {
            // Not computed under the cache's lock: event loops do not wait for each other.
            text = WireFormat.encode(ServerMessage.of(job, event));
            written.put(event, text);
        }
        return text;
    }
}
