package dev.omni.stream;

import dev.omni.metric.Metric;
import dev.omni.metric.PerConstant;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What is measured of connections and of what replicas tell each other. The meters are there from the start: to count a
 * message is to add to a number.
 */
@Singleton
class StreamMeters {
    /** The two ways in which a client reads jobs live. */
    enum Via {
        WS,
        SSE
    }

    /** Why a handshake is refused. */
    enum Refusal {
        /** It is no handshake, or one that the service does not speak. */
        MALFORMED,
        UNAUTHENTICATED,
        /** The page that asks is of another origin. */
        ORIGIN,
        /** There are, or come, too many of this user, from this address, or at all. */
        LIMIT,
        DRAINING,
        OTHER
    }

    /** What replicas tell each other. A beat says no more than that the channel is up, which there is a gauge for. */
    private enum News {
        JOB,
        SANDBOX,
        HELLO
    }

    /** What a client or the framework closes with; beside them there are our own. */
    private static final int[] CODES_OF_OTHERS = {1000, 1011};

    /** Stand for the lack of a code. The framework does not tell a peer that gave none from a connection that broke. */
    private static final int[] NO_CODE = {1005, 1006};

    private final Traffic webSockets;
    private final Traffic eventStreams;
    private final Map<Integer, Counter> closes = new HashMap<>();
    private final Counter closedOtherwise;
    private final PerConstant<Refusal, Counter> refusals;
    private final Counter received;
    private final Counter invalid;
    private final Timer latency;
    private final PerConstant<News, Counter> published;
    private final PerConstant<News, Counter> heard;
    private final Counter dropped;
    private volatile double channel = Double.NaN;

    StreamMeters(MeterRegistry registry) {
        this.webSockets = new Traffic(registry, Via.WS);
        this.eventStreams = new Traffic(registry, Via.SSE);
        for (CloseCode code : CloseCode.values()) {
            closes.put(code.code(), Metric.CONNECTIONS_CLOSED.counter(registry, code.code()));
        }
        for (int code : CODES_OF_OTHERS) {
            closes.put(code, Metric.CONNECTIONS_CLOSED.counter(registry, code));
        }
        for (int code : NO_CODE) {
            closes.put(code, Metric.CONNECTIONS_CLOSED.counter(registry, "none"));
        }
        this.closedOtherwise = Metric.CONNECTIONS_CLOSED.counter(registry, "other");
        this.refusals = new PerConstant<>(
                EnumSet.allOf(Refusal.class), reason -> Metric.UPGRADES_REFUSED.counter(registry, reason));
        this.received = Metric.STREAM_RECEIVED.counter(registry);
        this.invalid = Metric.STREAM_INVALID.counter(registry);
        this.latency = Metric.STREAM_LATENCY.timer(registry);
        Set<News> news = EnumSet.allOf(News.class);
        this.published = new PerConstant<>(news, kind -> Metric.ANNOUNCEMENTS_PUBLISHED.counter(registry, kind));
        this.heard = new PerConstant<>(news, kind -> Metric.ANNOUNCEMENTS_RECEIVED.counter(registry, kind));
        this.dropped = Metric.ANNOUNCEMENTS_DROPPED.counter(registry);
        Metric.CHANNEL_UP.gauge(registry, () -> channel);
    }

    /** What goes to clients in one way. */
    private static final class Traffic {
        final AtomicInteger open = new AtomicInteger();
        final Counter opened;
        final Counter messages;
        final Counter bytes;
        final Counter resumed;
        final Counter slow;

        Traffic(MeterRegistry registry, Via via) {
            Metric.CONNECTIONS.gauge(registry, () -> open, via);
            this.opened = Metric.CONNECTIONS_OPENED.counter(registry, via);
            this.messages = Metric.STREAM_SENT.counter(registry, via);
            this.bytes = Metric.STREAM_BYTES.counter(registry, via);
            this.resumed = Metric.STREAM_RESUMES.counter(registry, via);
            this.slow = Metric.STREAM_SLOW.counter(registry, via);
        }
    }

    void opened(Via via) {
        of(via).open.incrementAndGet();
        of(via).opened.increment();
    }

    void closedEventStream() {
        of(Via.SSE).open.decrementAndGet();
    }

    void closedWebSocket(int code) {
        of(Via.WS).open.decrementAndGet();
        closes.getOrDefault(code, closedOtherwise).increment();
    }

    void refused(Refusal reason) {
        refusals.of(reason).increment();
    }

    void sent(Via via, int messages, int bytes) {
        of(via).messages.increment(messages);
        of(via).bytes.increment(bytes);
    }

    void received() {
        received.increment();
    }

    void invalid() {
        invalid.increment();
    }

    void resumed(Via via) {
        of(via).resumed.increment();
    }

    void slow(Via via) {
        of(via).slow.increment();
    }

    /** An event that was waited for has left for the kernel. */
    void delivered(Instant since) {
        latency.record(Duration.between(since, Instant.now()));
    }

    void channel(boolean up) {
        channel = up ? 1 : 0;
    }

    void published(Announcement announcement) {
        count(published, announcement);
    }

    void heard(Announcement announcement) {
        count(heard, announcement);
    }

    void droppedAnnouncement() {
        dropped.increment();
    }

    private static void count(PerConstant<News, Counter> counters, Announcement announcement) {
        switch (announcement) {
            case Announcement.Job job -> counters.of(News.JOB).increment();
            case Announcement.Sandbox sandbox -> counters.of(News.SANDBOX).increment();
            case Announcement.Hello hello -> counters.of(News.HELLO).increment();
            case Announcement.Beat beat -> {}
        }
    }

    private Traffic of(Via via) {
        return switch (via) {
            case WS -> webSockets;
            case SSE -> eventStreams;
        };
    }
}
