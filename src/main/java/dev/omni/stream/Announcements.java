package dev.omni.stream;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.omni.identity.Caller;
import dev.omni.job.JobStarted;
import dev.omni.job.Jobs;
import dev.omni.observe.LogContext;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.sandbox.SandboxChanged;
import dev.omni.sandbox.SandboxConfig;
import dev.omni.sandbox.Sandboxes;
import io.quarkus.arc.InjectableInstance;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Redis;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Tells the other replicas which jobs are started here, and lets the connections here follow those that are started there.
 * Without a Redis it does nothing.
 *
 * <p>Nothing is stored in Redis, and nothing that it forgets is lost: who connects to it says hello and tells what it has
 * started lately, and who hears a hello does the same. So whichever of two replicas was away, the other's jobs arrive.
 */
@ApplicationScoped
class Announcements implements AnnouncementChannel.Listener {
    private static final Logger LOG = Logger.getLogger(Announcements.class);

    /** Some hundred bytes each. A job that falls out may be looked up once more, no worse. */
    private static final int MAX_KNOWN = 50_000;

    /** Announcements that wait to be looked up; some hundred bytes each. */
    private static final int MAX_LOOKUPS = 1_000;

    /** A hello is answered after up to this long: all who say it at about the same time are answered at once. */
    private static final Duration LONGEST_REPLY_PAUSE = Duration.ofMillis(500);

    /** Looking again cannot change these. */
    private static final Set<ProblemCode> FINAL =
            EnumSet.of(ProblemCode.SANDBOX_NOT_FOUND, ProblemCode.JOB_NOT_FOUND, ProblemCode.FORBIDDEN);

    private final Vertx vertx;
    private final Context loop;
    private final Sandboxes sandboxes;
    private final Jobs jobs;
    private final Connections connections;
    private final StreamMeters meters;
    private final RecentJobs recent;
    private final Duration keepFor;
    private final Lookups lookups;
    /** What was announced and is, or was, followed here: it may be announced again. */
    private final Cache<Heard, Boolean> known;

    private final @Nullable AnnouncementChannel channel;
    private Future<Void> repeated = Future.succeededFuture();
    private boolean repeating;

    Announcements(
            Vertx vertx,
            InjectableInstance<Redis> redis,
            StreamConfig config,
            SandboxConfig sandboxConfig,
            Sandboxes sandboxes,
            Jobs jobs,
            Connections connections,
            StreamMeters meters) {
        this.vertx = vertx;
        this.loop = vertx.getOrCreateContext();
        this.sandboxes = sandboxes;
        this.jobs = jobs;
        this.connections = connections;
        this.meters = meters;
        this.keepFor = config.announcements().keepFor();
        this.recent = new RecentJobs(config.announcements().maxKept(), keepFor);
        this.lookups = new Lookups(vertx, this::onLoop, MAX_LOOKUPS, this::askAgain);
        this.known = Caffeine.newBuilder()
                .maximumSize(MAX_KNOWN)
                .expireAfterWrite(keepFor.multipliedBy(2))
                .build();
        this.channel = redis.listActive().stream()
                .findFirst()
                .map(client -> new AnnouncementChannel(
                        vertx,
                        loop,
                        client,
                        "omni:%s:announcements".formatted(sandboxConfig.environment()),
                        config.announcements().heartbeatInterval(),
                        meters,
                        this))
                .orElse(null);
    }

    /** A job that somebody says was started: all of it, since a lie about one must not stand for the other. */
    private record Heard(String owner, JobKey job) {}

    void start(@Observes StartupEvent event) {
        if (channel != null) {
            onLoop(channel::open);
        }
    }

    void stop(@Observes ShutdownEvent event) {
        if (channel != null) {
            onLoop(channel::close);
        }
    }

    void onJobStarted(@Observes JobStarted job) {
        if (channel != null) {
            var started =
                    new RecentJobs.Started(job.sandbox().owner(), job.sandbox().id(), job.jobId(), System.nanoTime());
            onLoop(() -> {
                recent.add(started);
                channel.publish(List.of(started.announcement(System.nanoTime())));
            });
        }
    }

    void onSandboxChanged(@Observes SandboxChanged change) {
        if (channel != null) {
            onLoop(() -> channel.publish(
                    List.of(new Announcement.Sandbox(change.owner(), change.sandboxId(), change.status()))));
        }
    }

    @Override
    public void opened() {
        repeat();
    }

    @Override
    public void heard(Announcement announcement) {
        switch (announcement) {
            case Announcement.Job job -> follow(job);
            case Announcement.Sandbox sandbox -> tell(sandbox);
            case Announcement.Hello hello -> repeat();
            case Announcement.Beat beat -> {}
        }
    }

    private void follow(Announcement.Job job) {
        if (job.ageMillis() > keepFor.toMillis()) {
            return;
        }
        long startedAt = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(job.ageMillis());
        var heard = new Heard(job.owner(), new JobKey(job.sandboxId(), job.jobId()));
        if (known.getIfPresent(heard) != null
                || connections.openAt(startedAt, job.owner()).isEmpty()) {
            return;
        }
        if (lookups.offer(() -> follow(heard, startedAt))) {
            known.put(heard, true);
        } else {
            meters.droppedAnnouncement();
        }
    }

    /** Says whether it is done: followed, or not to be followed at all. */
    private Uni<Boolean> follow(Heard heard, long startedAt) {
        JobKey job = heard.job();
        if (connections.openAt(startedAt, heard.owner()).isEmpty()
                || System.nanoTime() - startedAt > keepFor.toNanos()) {
            return Uni.createFrom().item(true);
        }
        Caller owner = new Caller(heard.owner(), Set.of());
        Map<String, String> about = Map.of(
                LogContext.USER_ID, owner.userId(),
                LogContext.SANDBOX_ID, job.sandboxId(),
                LogContext.JOB_ID, job.jobId().toString());
        return LogContext.inNewContext(
                        vertx,
                        about,
                        () -> sandboxes
                                .access(owner, job.sandboxId())
                                .chain(sandbox -> jobs.events(owner, job.sandboxId(), job.jobId(), null)
                                        .replaceWith(sandbox)))
                .map(sandbox -> {
                    connections
                            .openAt(startedAt, owner.userId())
                            .forEach(connection -> connection.follow(sandbox, job.jobId()));
                    return true;
                })
                .onFailure()
                .recoverWithItem(failure -> {
                    LOG.debugf("Job %s, announced by another replica: %s", job.jobId(), failure);
                    return failure instanceof ProblemException problem && FINAL.contains(problem.code());
                });
    }

    /** A courtesy, like the event itself: whatever goes wrong ends it. */
    private void tell(Announcement.Sandbox sandbox) {
        if (connections.of(sandbox.owner()).isEmpty()) {
            return;
        }
        Caller owner = new Caller(sandbox.owner(), Set.of());
        Map<String, String> about =
                Map.of(LogContext.USER_ID, sandbox.owner(), LogContext.SANDBOX_ID, sandbox.sandboxId());
        boolean taken = lookups.offer(() -> LogContext.inNewContext(
                        vertx, about, () -> sandboxes.access(owner, sandbox.sandboxId()))
                .map(access -> {
                    var change = new SandboxChanged(access.owner(), access.id(), sandbox.status());
                    connections.of(owner.userId()).forEach(connection -> connection.tell(change));
                    return true;
                })
                .onFailure()
                .recoverWithItem(true));
        if (!taken) {
            meters.droppedAnnouncement();
        }
    }

    /** Tells soon what was started here lately: once for everybody who asks until then. */
    private void repeat() {
        if (repeating) {
            return;
        }
        repeating = true;
        long pause = ThreadLocalRandom.current().nextLong(1, LONGEST_REPLY_PAUSE.toMillis());
        vertx.setTimer(
                pause,
                timer -> repeated.onComplete(last -> onLoop(() -> {
                    repeating = false;
                    if (channel != null) {
                        repeated = channel.publish(recent.announcements(System.nanoTime()));
                    }
                })));
    }

    /** Something was dropped here, but those who told it still have it. */
    private void askAgain() {
        if (channel != null) {
            channel.publish(List.of(new Announcement.Hello()));
        }
    }

    private void onLoop(Runnable task) {
        loop.runOnContext(ignored -> task.run());
    }
}
