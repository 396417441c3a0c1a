package dev.omni.job;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.omni.job.Cursor.Stage;
import dev.omni.job.LogDecoder.Decoded;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * Events as the readers of all logs share them: whoever comes first to a place reads and decodes what is there, and those
 * who are close behind get the same objects. What is kept is bounded, whoever needs something older decodes it again.
 */
final class Batches {
    /** As large as one event may be: a flood comes in batches of one, which then is all that a slow reader holds. */
    private static final int CHUNK = PlainOutput.MAX_EVENT;

    private static final int MAX_EVENTS = 128;

    /** In bytes of log, which become two to four times as many in memory. */
    private static final long MAX_KEPT = 8L << 20;

    private static final int OVERHEAD = 256;
    private static final Duration KEEP_FOR = Duration.ofSeconds(10);

    private final AsyncCache<Place, Batch> kept = Caffeine.newBuilder()
            .maximumWeight(MAX_KEPT)
            .<Place, Batch>weigher((place, batch) -> weight(place.at(), batch))
            .expireAfterAccess(KEEP_FOR)
            .executor(Runnable::run)
            .buildAsync();

    private record Place(JobLog log, Cursor at) {}

    /**
     * The events at a place before the end of what there is of a log. Completes on any thread, and is shared: nobody may
     * cancel it.
     */
    CompletableFuture<Batch> at(JobLog log, Cursor cursor) {
        Place place = new Place(log, cursor);
        CompletableFuture<Batch> found = kept.getIfPresent(place);
        if (found != null) {
            return found;
        }
        CompletableFuture<Batch> mine = new CompletableFuture<>();
        CompletableFuture<Batch> sooner = kept.asMap().putIfAbsent(place, mine);
        if (sooner != null) {
            return sooner;
        }
        // Only now: reading may be over at once, and must then find its place in the cache.
        load(log, cursor, CHUNK)
                .subscribe()
                .with(
                        batch -> {
                            if (batch.events().isEmpty()) {
                                // The log may be longer when the next one asks.
                                kept.asMap().remove(place, mine);
                            }
                            mine.complete(batch);
                        },
                        mine::completeExceptionally);
        return mine;
    }

    private static int weight(Cursor from, Batch batch) {
        long bytes = batch.next().position().offset() - from.position().offset();
        return OVERHEAD * (1 + batch.events().size()) + (int) Math.min(bytes, Integer.MAX_VALUE / 2);
    }

    private static Uni<Batch> load(JobLog log, Cursor cursor, int size) {
        // Looked at in this order: once it is complete, the length no longer changes.
        boolean complete = log.isComplete();
        long offset = cursor.position().offset();
        long length = log.visible(offset);
        int count = (int) Math.min(size, length - offset);
        boolean all = offset + count == length;
        return log.spool().read(offset, count).chain(bytes -> {
            Batch batch = decode(log, cursor, bytes, complete && all);
            boolean more = !all && size < LogDecoder.WINDOW;
            return batch.next().equals(cursor) && more
                    ? load(log, cursor, size * 2)
                    : Uni.createFrom().item(batch);
        });
    }

    private static Batch decode(JobLog log, Cursor cursor, Buffer bytes, boolean complete) {
        LogDecoder decoder = log.decoder();
        UUID jobId = log.job().id();
        byte[] raw = bytes.getBytes();
        Instant now = Instant.now();
        List<JobEvent> events = new ArrayList<>();
        Cursor at = cursor;
        int from = 0;
        Decoded decoded;
        while (events.size() < MAX_EVENTS
                && (decoded = decoder.next(raw, from, raw.length, at.position(), complete)) != null) {
            from += (int) (decoded.after().offset() - at.position().offset());
            at = at.at(decoded.after());
            switch (decoded.body()) {
                case LogDecoder.Text(var stream, var data, var base64) ->
                    events.add(new JobEvent.Log(at.encode(jobId), now, stream, data, base64));
                case LogDecoder.Outcome(var result) -> {
                    if (at.stage() == Stage.OUTPUT) {
                        at = at.at(Stage.RESULT);
                        events.add(new JobEvent.Result(at.encode(jobId), now, result));
                    }
                }
                case null -> {}
            }
        }
        return new Batch(List.copyOf(events), at, cursor.position().offset() + raw.length, complete);
    }
}
