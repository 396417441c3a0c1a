package dev.omni.stream;

import dev.omni.identity.Caller;
import dev.omni.job.JobEvent;
import dev.omni.job.JobStream;
import dev.omni.job.Jobs;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.quarkus.security.Authenticated;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.RestMulti;
import org.jspecify.annotations.Nullable;

/**
 * One job's messages as server-sent events.
 *
 * <p>The framework's own event streams send their head before the first event is known, so that a job that does not exist
 * would be a 200. Here the events are written as the plain text they are, and a failure before the first is a problem.
 */
@Path("/api/v1/sandboxes")
@Authenticated
@Tag(name = "Jobs")
public class JobEventsResource {
    private static final Logger LOG = Logger.getLogger(JobEventsResource.class);

    /** A comment: keeps proxies from closing a quiet stream. */
    private static final byte[] HEARTBEAT = bytes(": heartbeat\n\n");

    private static final byte[] SEPARATOR = bytes("\n\n");

    /** Stands for the end in a stream of frames; never sent. */
    private static final byte[] END = {};

    private final StreamConfig config;
    private final Jobs jobs;
    private final Frames frames;
    private final Slots slots;
    private final Connections connections;
    private final SecurityIdentity identity;

    JobEventsResource(
            StreamConfig config,
            Jobs jobs,
            Frames frames,
            Slots slots,
            Connections connections,
            SecurityIdentity identity) {
        this.config = config;
        this.jobs = jobs;
        this.frames = frames;
        this.slots = slots;
        this.connections = connections;
        this.identity = identity;
    }

    @GET
    @Path("/{sandboxId}/jobs/{jobId}/events")
    @Operation(
            operationId = "streamJobEvents",
            summary = "Replay and follow a job",
            description = "The messages of /ws about one job, as server-sent events. The event id is the cursor; "
                    + "Last-Event-ID resumes behind it. The stream ends after done, when the token expires, when "
                    + "the server is draining, and when it is read too slowly.")
    @APIResponse(responseCode = "200", description = "The events", content = @Content(mediaType = "text/event-stream"))
    public RestMulti<byte[]> events(
            @PathParam("sandboxId") String sandboxId,
            @PathParam("jobId") UUID jobId,
            @HeaderParam("Last-Event-ID") @Nullable String lastEventId,
            @Context HttpHeaders headers,
            @Context HttpServerRequest request) {
        if (headers.getAcceptableMediaTypes().stream().noneMatch(MediaType.SERVER_SENT_EVENTS_TYPE::isCompatible)) {
            throw new ProblemException(ProblemCode.NOT_ACCEPTABLE, "Events are sent as text/event-stream.");
        }
        Tokens.Verified caller = Tokens.Verified.of(identity)
                .orElseThrow(() -> new ProblemException(ProblemCode.UNAUTHENTICATED, "a token is needed"));
        Peer peer = Peer.of(caller.caller().userId(), request.remoteAddress());
        if (!slots.tryAcquire(peer)) {
            throw new ProblemException(
                    ProblemCode.RATE_LIMITED, "too many open streams", Connections.RETRY_AFTER, null);
        }
        var reader = new EventReader(Pace.of(config), () -> Sockets.cut(request.connection()));
        Multi<byte[]> frames = open(caller.caller(), new JobKey(sandboxId, jobId), lastEventId, reader)
                .select()
                .first(timeLeft(caller))
                .onTermination()
                .invoke(() -> slots.release(peer));
        return RestMulti.fromMultiData(reader.counting(frames))
                .header("Content-Type", "text/event-stream;charset=UTF-8")
                .header("Cache-Control", "no-store")
                // Nginx and those like it would otherwise keep the events back until a buffer is full.
                .header("X-Accel-Buffering", "no")
                .build();
    }

    private Multi<byte[]> open(Caller caller, JobKey job, @Nullable String lastEventId, EventReader reader) {
        String cursor = lastEventId == null || lastEventId.isEmpty() ? null : lastEventId;
        return Uni.createFrom()
                .deferred(() -> jobs.events(caller, job.sandboxId(), job.jobId(), cursor))
                .onItem()
                .transformToMulti(stream -> frames(job, stream, reader));
    }

    private Multi<byte[]> frames(JobKey job, JobStream stream, EventReader reader) {
        Multi<byte[]> events = stream.events()
                .map(event -> frame(job, event))
                // The head has been sent: a stream that ends without done is what tells the client to come back.
                .onFailure()
                .invoke(failure -> LogFields.about(job, () -> LOG.error("a job could not be followed", failure)))
                .onFailure()
                .recoverWithCompletion();
        Multi<byte[]> heartbeats = Multi.createFrom()
                .ticks()
                .every(config.heartbeatInterval())
                .invoke(tick -> reader.tick())
                .onOverflow()
                .drop()
                .map(tick -> HEARTBEAT);
        // One request at a time, so that a slow reader holds no more than the next event in memory.
        Multi<byte[]> merged = Multi.createBy()
                .merging()
                .withRequests(1)
                .streams(
                        Multi.createBy()
                                .concatenating()
                                .streams(events, Multi.createFrom().item(END)),
                        heartbeats,
                        connections.whenDraining().map(draining -> END).toMulti())
                .select()
                .first(frame -> frame.length > 0);
        return Multi.createBy().concatenating().streams(Multi.createFrom().item(HEARTBEAT), merged);
    }

    private byte[] frame(JobKey job, JobEvent event) {
        // JSON has no raw line breaks, and a cursor has none either, so that one line each is enough.
        byte[] message = frames.of(job, event);
        byte[] head = bytes("id: " + event.cursor() + "\ndata: ");
        return Buffer.buffer(head.length + message.length + SEPARATOR.length)
                .appendBytes(head)
                .appendBytes(message)
                .appendBytes(SEPARATOR)
                .getBytes();
    }

    private static Duration timeLeft(Tokens.Verified caller) {
        Duration left = Duration.between(Instant.now(), caller.expiresAt());
        return left.isPositive() ? left : Duration.ofMillis(1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
