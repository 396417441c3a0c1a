package dev.omni.metric;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is measured: the one table of names, tags and meanings. docs/metrics.md says the same to operators, and a test holds
 * the two together.
 *
 * <p>A tag has a handful of values that are known beforehand. Never a user, an address, an id or anything else that a caller
 * can choose: each new value would be a series for ever. The registry also remembers every combination it was ever asked for,
 * so what callers send must be bounded before it is asked, not by a filter of its own.
 */
public enum Metric {
    BUILD("omni.build.info", Kind.GAUGE, "Always 1; tells which version runs in which profile", "version", "profile"),
    LOOP_DELAY(
            "omni.eventloop.delay",
            Buckets.STREAM,
            "How late event loops come to what is due: something blocks them, or there is too much to do"),
    HTTP_REQUESTS(
            "http.server.requests",
            Buckets.CALL,
            "Requests to the API that were answered, and how long that took",
            "method",
            "uri",
            "status"),

    SANDBOX_ACTIONS(
            "omni.sandbox.actions",
            Buckets.CALL,
            "What was done with sandboxes, and how long the caller waited until it was accepted",
            "action",
            "outcome"),
    SANDBOX_FAILURES("omni.sandbox.failures", Kind.COUNTER, "Actions that were not done", "action", "cause"),
    SANDBOX_READY(
            "omni.sandbox.ready",
            Buckets.CALL,
            "From a call for a sandbox to the answer that it is ready, where the answer says so",
            "origin"),
    SANDBOX_DEFAULTS("omni.sandbox.defaults", Kind.COUNTER, "Where users' default sandboxes came from", "origin"),
    REPLAYS(
            "omni.idempotency.replays",
            Kind.COUNTER,
            "Repeated calls that were given what the first one made",
            "resource"),

    JOBS_STARTED("omni.jobs.started", Kind.COUNTER, "Jobs started on this replica", "kind"),
    JOBS_RUNNING("omni.jobs.running", Kind.GAUGE, "Jobs started on this replica that have not ended", "kind"),
    JOB_DURATION(
            "omni.job.duration", Buckets.JOB, "From the start of a job on this replica to its end", "kind", "status"),
    EXEC_DURATION("omni.exec.duration", Buckets.CALL, "Commands that a caller waited for", "outcome"),

    LOGS_READ("omni.logs.read", Kind.GAUGE, "Jobs whose output this replica reads or keeps"),
    LOG_REATTACHES(
            "omni.logs.reattaches", Kind.COUNTER, "Streams of Daytona's that were taken anew for a job", "cause"),
    LOG_BYTES("omni.logs.bytes", Kind.COUNTER, "Bytes of output that came from Daytona and were not known yet"),
    LOG_STORING(
            "omni.logs.storing",
            Buckets.STREAM,
            "From the arrival of output to the moment it can be read from the spool, waiting for room included"),
    LOG_TRUNCATIONS("omni.logs.truncations", Kind.COUNTER, "Jobs of which not all output is streamed", "cause"),
    LOG_READERS("omni.logs.readers", Kind.GAUGE, "Readers of jobs' output on this replica"),
    LOG_LAG("omni.logs.lag.bytes", Kind.GAUGE, "How far the reader that is furthest behind is behind"),
    SPOOL_USED("omni.spool.used.bytes", Kind.GAUGE, "Disk that spools take"),
    SPOOL_LIMIT("omni.spool.limit.bytes", Kind.GAUGE, "Disk that spools may take"),
    SPOOL_WAITING("omni.spool.waiting", Kind.GAUGE, "Jobs whose output waits for room in the spools"),

    CONNECTIONS("omni.stream.connections", Kind.GAUGE, "Open connections", "via"),
    CONNECTIONS_OPENED("omni.stream.opened", Kind.COUNTER, "Connections opened", "via"),
    CONNECTIONS_CLOSED("omni.stream.closed", Kind.COUNTER, "WebSockets closed", "code"),
    UPGRADES_REFUSED("omni.upgrades.refused", Kind.COUNTER, "Handshakes of /ws that were refused", "reason"),
    STREAM_SENT("omni.stream.sent", Kind.COUNTER, "Messages sent", "via"),
    STREAM_BYTES("omni.stream.sent.bytes", Kind.COUNTER, "Bytes of messages sent", "via"),
    STREAM_RECEIVED("omni.stream.received", Kind.COUNTER, "Messages of clients on /ws"),
    STREAM_INVALID("omni.stream.invalid", Kind.COUNTER, "Messages of clients that are none"),
    STREAM_RESUMES("omni.stream.resumes", Kind.COUNTER, "Readers that came back with a cursor", "via"),
    STREAM_SLOW("omni.stream.slow", Kind.COUNTER, "Readers that were cut off because they hardly read", "via"),
    STREAM_LATENCY(
            "omni.stream.latency",
            Buckets.STREAM,
            "From output that a reader waited for to its last byte in the socket"),

    CHANNEL_UP(
            "omni.announcements.up",
            Kind.GAUGE,
            "Whether replicas hear each other over Redis; NaN where there is none"),
    ANNOUNCEMENTS_PUBLISHED("omni.announcements.published", Kind.COUNTER, "What other replicas were told", "kind"),
    ANNOUNCEMENTS_RECEIVED("omni.announcements.received", Kind.COUNTER, "What other replicas told", "kind"),
    ANNOUNCEMENTS_DROPPED("omni.announcements.dropped", Kind.COUNTER, "Announcements there was no room to look up"),

    LIMIT_DECISIONS(
            "omni.limit.decisions",
            Kind.COUNTER,
            "Requests that a rate limit let through or refused",
            "policy",
            "outcome"),
    LIMIT_SHARED("omni.limit.shared.up", Kind.GAUGE, "Whether limits are shared through Redis"),
    QUOTA_REFUSALS("omni.quota.refusals", Kind.COUNTER, "Calls refused because a quota is used up", "quota"),

    DAYTONA_CALLS(
            "omni.daytona.calls",
            Buckets.CALL,
            "Tries of calls to Daytona, from when each is sent",
            "operation",
            "outcome"),
    DAYTONA_STREAMS("omni.daytona.streams.open", Kind.GAUGE, "Streams from Daytona", "operation"),
    DAYTONA_STREAMS_ENDED(
            "omni.daytona.streams.ended", Kind.COUNTER, "Streams from Daytona that ended", "operation", "reason"),
    DAYTONA_CIRCUIT("omni.daytona.circuit.state", Kind.GAUGE, "0 closed, 1 half open, 2 open", "group"),
    BULKHEAD_RUNNING("omni.daytona.bulkhead.running", Kind.GAUGE, "Calls on their way to Daytona", "group"),
    BULKHEAD_WAITING("omni.daytona.bulkhead.waiting", Kind.GAUGE, "Calls that wait for their turn", "group"),
    BULKHEAD_REFUSALS("omni.daytona.bulkhead.refusals", Kind.COUNTER, "Calls that got no turn", "group"),
    GOVERNOR_DELAYS(
            "omni.daytona.governor.delays",
            Kind.COUNTER,
            "Calls that had to wait for Daytona's rate limits",
            "priority"),
    GOVERNOR_REFUSALS(
            "omni.daytona.governor.refusals",
            Kind.COUNTER,
            "Calls that were not made because of Daytona's rate limits",
            "priority"),
    GOVERNOR_WAITING(
            "omni.daytona.governor.waiting", Kind.GAUGE, "Calls that wait for Daytona's rate limits", "priority"),
    THROTTLER_REMAINING(
            "omni.daytona.throttler.remaining",
            Kind.GAUGE,
            "What Daytona last said is left, less what was sent since; NaN when it has said nothing",
            "throttler"),
    KEY_REFUSALS("omni.daytona.key.refusals", Kind.COUNTER, "Refusals of a key by Daytona", "outcome"),

    SECRET_RELOADS("omni.secret.reloads", Kind.COUNTER, "Changes of secrets in files", "secret", "outcome"),
    AUDIT_EVENTS("omni.audit.events", Kind.COUNTER, "Lines of the audit trail", "action", "outcome"),
    AUDIT_LOST("omni.audit.lost", Kind.COUNTER, "Lines of the audit trail that the console did not take"),
    ERRORS_REPORTED("omni.errors.reported", Kind.COUNTER, "Unexpected failures handed to Sentry");

    /** What a meter is to Prometheus. */
    enum Kind {
        COUNTER("_total"),
        GAUGE(""),
        HISTOGRAM("_seconds");

        private final String suffix;

        Kind(String suffix) {
            this.suffix = suffix;
        }
    }

    private final String id;
    private final Kind kind;
    private final @Nullable Buckets buckets;
    private final String meaning;

    @SuppressWarnings("ImmutableEnumChecker") // The list is an immutable one.
    private final List<String> tags;

    Metric(String id, Kind kind, String meaning, String... tags) {
        this.id = id;
        this.kind = kind;
        this.buckets = null;
        this.meaning = meaning;
        this.tags = List.of(tags);
    }

    Metric(String id, Buckets buckets, String meaning, String... tags) {
        this.id = id;
        this.kind = Kind.HISTOGRAM;
        this.buckets = buckets;
        this.meaning = meaning;
        this.tags = List.of(tags);
    }

    /**
     * The counter for values of the tags, in the table's order; a constant is its name in lower case. To be
     * kept by whoever counts often.
     */
    public Counter counter(MeterRegistry registry, Object... values) {
        require(Kind.COUNTER);
        return Counter.builder(id).description(meaning).tags(tags(values)).register(registry);
    }

    /** The histogram for values of the tags, in the table's order. To be kept by whoever measures often. */
    public Timer timer(MeterRegistry registry, Object... values) {
        require(Kind.HISTOGRAM);
        return Timer.builder(id)
                .description(meaning)
                .tags(tags(values))
                .serviceLevelObjectives(
                        Objects.requireNonNull(buckets).boundaries().toArray(Duration[]::new))
                .register(registry);
    }

    /** Has a value asked for whenever it is looked at, on any thread. */
    public void gauge(MeterRegistry registry, Supplier<Number> value, Object... values) {
        require(Kind.GAUGE);
        Gauge.builder(id, value)
                .description(meaning)
                .tags(tags(values))
                .strongReference(true)
                .register(registry);
    }

    Kind kind() {
        return kind;
    }

    List<String> tags() {
        return tags;
    }

    /** The name that Prometheus and its users know it by. */
    String prometheusName() {
        return id.replace('.', '_') + kind.suffix;
    }

    private Tags tags(Object... values) {
        if (values.length != tags.size()) {
            throw new IllegalArgumentException("%s has the tags %s".formatted(id, tags));
        }
        Tags all = Tags.empty();
        for (int i = 0; i < values.length; i++) {
            all = all.and(tags.get(i), text(values[i]));
        }
        return all;
    }

    private static String text(Object value) {
        return value instanceof Enum<?> constant ? constant.name().toLowerCase(Locale.ROOT) : value.toString();
    }

    private void require(Kind wanted) {
        if (kind != wanted) {
            throw new IllegalArgumentException("%s is a %s".formatted(id, kind));
        }
    }
}
