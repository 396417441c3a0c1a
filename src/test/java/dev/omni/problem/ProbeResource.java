package dev.omni.problem;

import dev.omni.identity.Caller;
import io.quarkus.security.Authenticated;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.infrastructure.Infrastructure;
import io.vertx.core.Vertx;
import jakarta.annotation.security.PermitAll;
import jakarta.annotation.security.RolesAllowed;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/** A resource as any author would write one, with nothing special in it, to see what the edge makes of calls to it. */
@Path("/test-probe")
@Authenticated
@Consumes(MediaType.APPLICATION_JSON)
@Produces(MediaType.APPLICATION_JSON)
public class ProbeResource {
    public static final Logger LOG = Logger.getLogger("omni.test.probe");

    public enum Size2 {
        SMALL,
        LARGE
    }

    public record Idle(@Min(1) @Max(100) @Nullable Integer stopAfterMinutes, boolean keep) {}

    public record Body(
            @NotBlank @Size(max = 20) @PlainText String name,
            @PlainText(lines = true) @Nullable String text,
            @Nullable Long count,
            @Nullable Double share,
            @Nullable Size2 size,
            @Valid @Nullable Idle idle,
            @Nullable List<@NotBlank @PlainText String> allow,
            @Nullable Map<@PlainText String, @Size(max = 5) @PlainText String> env) {}

    private final Vertx vertx;
    private final SecurityIdentity identity;

    public ProbeResource(Vertx vertx, SecurityIdentity identity) {
        this.vertx = vertx;
        this.identity = identity;
    }

    @POST
    public Uni<Body> echo(@Valid Body body) {
        return Uni.createFrom().item(body);
    }

    @GET
    public Map<String, Object> query(
            @QueryParam("limit") @Min(1) @Max(50) @Nullable Integer most,
            @QueryParam("deep") @Nullable Boolean deep,
            @QueryParam("label") List<String> labels,
            @QueryParam("name") @PlainText @Size(max = 10) @Nullable String name,
            @HeaderParam("X-Probe") @Size(max = 5) @Nullable String header) {
        return Map.of("labels", labels, "time", Instant.EPOCH);
    }

    @GET
    @Path("/{id}/jobs/{jobId}")
    public Map<String, Object> one(@PathParam("id") @PlainText String id, @PathParam("jobId") UUID jobId) {
        LOG.info("one");
        return Map.of("id", id, "jobId", jobId);
    }

    @DELETE
    @Path("/{id}")
    public void delete(@PathParam("id") String id) {}

    @GET
    @Path("/fails/{how}")
    public Uni<String> fail(@PathParam("how") String how) throws Exception {
        return switch (how) {
            case "bug" -> throw new IllegalStateException("secret detail at https://upstream.example/key");
            case "async-bug" -> Uni.createFrom().failure(new NullPointerException("secret detail"));
            case "busy" ->
                throw new ProblemException(ProblemCode.RATE_LIMITED, "Slow down.", Duration.ofMillis(1_200), null);
            case "slow" -> throw new TimeoutException("secret detail");
            case "error" -> throw new StackOverflowError("secret detail");
            default -> throw new ProblemException(ProblemCode.SANDBOX_NOT_READY, "The sandbox is stopped.");
        };
    }

    @GET
    @Path("/operators")
    @RolesAllowed("operator")
    public String operators() {
        return "\"ok\"";
    }

    @GET
    @Path("/who")
    public Caller who() {
        return Caller.of(identity);
    }

    @GET
    @Path("/open")
    @PermitAll
    public String open() {
        return "\"ok\"";
    }

    /** Logs on the event loop, after a delay, on a worker thread, and back. */
    @GET
    @Path("/{id}/wander")
    public Uni<String> wander(@PathParam("id") String id, @NotNull @QueryParam("steps") Integer steps) {
        LOG.info("start");
        Uni<String> walk = Uni.createFrom().item(id);
        for (int i = 0; i < steps; i++) {
            walk = walk.onItem()
                    .delayIt()
                    .by(Duration.ofMillis(5))
                    .invoke(() -> LOG.info("delayed"))
                    .emitOn(Infrastructure.getDefaultWorkerPool())
                    .invoke(() -> LOG.info("pool"))
                    .chain(x -> Uni.createFrom()
                            .completionStage(() -> vertx.executeBlocking(() -> {
                                        LOG.info("worker");
                                        return x;
                                    })
                                    .toCompletionStage()))
                    .invoke(() -> LOG.info("back"));
        }
        return walk.map(x -> "\"" + x + "\"");
    }
}
