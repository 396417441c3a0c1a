package dev.omni.compat;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.omni.audit.Action;
import dev.omni.audit.Audited;
import dev.omni.identity.Caller;
import dev.omni.job.Jobs;
import dev.omni.job.NewJob;
import dev.omni.limit.Limited;
import dev.omni.limit.Policy;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.sandbox.EnvironmentRules;
import dev.omni.sandbox.Sandbox;
import dev.omni.sandbox.SandboxStatus;
import dev.omni.sandbox.Sandboxes;
import io.quarkus.security.Authenticated;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.Uni;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.server.Cancellable;
import org.jspecify.annotations.Nullable;

/**
 * The four calls that the web app of the old server makes, at their old addresses. Their errors have the old envelope, see
 * {@link CompatErrors}. A {@code userId} is no longer needed; one that is not the token's is refused.
 */
@Path("/api")
@Authenticated
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Compat", description = "The calls of the old server. New clients use /api/v1.")
class CompatResource {
    private final Sandboxes sandboxes;
    private final Jobs jobs;
    private final SecurityIdentity identity;

    CompatResource(Sandboxes sandboxes, Jobs jobs, SecurityIdentity identity) {
        this.sandboxes = sandboxes;
        this.jobs = jobs;
        this.identity = identity;
    }

    @Audited(Action.SANDBOX_ENSURE)
    @POST
    @Path("/sandbox/create")
    @Limited(Policy.CREATE)
    @Consumes(MediaType.APPLICATION_JSON)
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = CreateRequest.class),
                            examples = @ExampleObject(name = "request", value = "{}")))
    @Operation(operationId = "compatCreateSandbox", summary = "Get or create the caller's sandbox")
    @APIResponse(responseCode = "200", description = "The sandbox, ready or on its way")
    public Uni<CreatedSandbox> create(@Valid @NotNull CreateRequest request) {
        return sandboxes
                .ensureDefault(caller(request.userId()), Duration.ZERO)
                .map(ensured -> CreatedSandbox.of(ensured.sandbox()));
    }

    @GET
    @Path("/sandbox/status")
    @Operation(operationId = "compatSandboxStatus", summary = "Get the status of a sandbox")
    @APIResponse(responseCode = "200", description = "The status")
    public Uni<SandboxState> status(@RestQuery @Nullable String id, @RestQuery @Nullable String userId) {
        if (id == null || id.isEmpty()) {
            throw ProblemException.invalid("id", "must be the id of a sandbox");
        }
        return sandboxes.get(caller(userId), id).map(SandboxState::of);
    }

    @Audited(Action.PROMPT_START)
    @POST
    @Path("/knowledge/process")
    @Limited(Policy.RUN)
    @Cancellable(false) // A caller who hangs up must not keep a job that has begun from being followed.
    @Consumes(MediaType.APPLICATION_JSON)
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = ProcessRequest.class),
                            examples = @ExampleObject(name = "request", value = """
                                    {"input": "Sum up my notes", "model": "sonnet",
                                     "sandboxId": "0d5ed6c2-4b2a-4f0f-9d0e-0a4f3f1a2b3c"}""")))
    @Operation(operationId = "compatProcess", summary = "Run Claude Code on an input, in the background")
    @APIResponse(
            responseCode = "202",
            description = "The job was accepted; what it does is told over /ws",
            content = @Content(schema = @Schema(implementation = AcceptedJob.class)))
    public Uni<RestResponse<AcceptedJob>> process(@Valid @NotNull ProcessRequest request) {
        return jobs.start(
                        caller(request.userId()),
                        request.sandboxId(),
                        NewJob.Prompt.of(request.input(), request.model(), request.env()),
                        null)
                .map(job -> RestResponse.status(RestResponse.Status.ACCEPTED, new AcceptedJob(job.id(), true)));
    }

    /**
     * Once dropped the old server's memory of its snapshot. This service remembers none, so there is nothing stale to drop;
     * the call stays for the scripts that make it.
     */
    @POST
    @Path("/snapshot/invalidate")
    @Operation(operationId = "compatInvalidateSnapshot", summary = "Does nothing, successfully")
    @APIResponse(responseCode = "200", description = "There is no stale snapshot")
    public Done invalidate() {
        return new Done(true);
    }

    /** The user of the token, who must be the one named, if one is named. */
    private Caller caller(@Nullable String userId) {
        Caller caller = Caller.of(identity);
        if (userId != null && !userId.equals(caller.userId())) {
            throw new ProblemException(ProblemCode.USER_MISMATCH, "The userId is not that of the token.");
        }
        return caller;
    }

    @Schema(name = "CompatCreateRequest")
    record CreateRequest(@Size(max = 256) @Nullable String userId) {}

    /**
     * What to run.
     *
     * @param taskId the old clients' own; nothing depends on it
     */
    @Schema(name = "CompatProcessRequest")
    record ProcessRequest(
            @NotBlank @Size(max = 512 * 1024) String input,

            @NotBlank @Size(max = 64) String sandboxId,
            @Size(max = 256) @Nullable String userId,

            @Pattern(regexp = NewJob.Prompt.MODEL, message = "must be the name of a model") @Nullable
            String model,

            @Size(max = EnvironmentRules.MAX_ENTRIES)
            Map<
                            @Pattern(regexp = EnvironmentRules.NAME, message = EnvironmentRules.NAME_MESSAGE) String,
                            @NotNull @Size(max = EnvironmentRules.MAX_VALUE)
                            @Pattern(regexp = EnvironmentRules.NO_NUL, message = EnvironmentRules.NO_NUL_MESSAGE)
                            String>
                    env,

            @Size(max = 256) @Nullable String taskId) {
        ProcessRequest {
            env = env == null ? Map.of() : env;
        }
    }

    @Schema(name = "CompatCreatedSandbox")
    record CreatedSandbox(String sandboxId, OldStatus status) {
        /** Whoever asks for a sandbox is given one that is there or on its way: it is never told as stopped. */
        static CreatedSandbox of(Sandbox sandbox) {
            OldStatus status = OldStatus.of(sandbox.status());
            return new CreatedSandbox(sandbox.id(), status == OldStatus.STOPPED ? OldStatus.CREATING : status);
        }
    }

    /** @param createdAt milliseconds of the epoch */
    @Schema(name = "CompatSandboxState")
    record SandboxState(String sandboxId, OldStatus status, long createdAt) {
        static SandboxState of(Sandbox sandbox) {
            return new SandboxState(
                    sandbox.id(),
                    OldStatus.of(sandbox.status()),
                    sandbox.createdAt().toEpochMilli());
        }
    }

    @Schema(name = "CompatAcceptedJob")
    record AcceptedJob(UUID jobId, boolean accepted) {}

    @Schema(name = "CompatDone")
    record Done(boolean ok) {}

    /** The statuses the old server knew. */
    @Schema(name = "CompatStatus")
    enum OldStatus {
        @JsonProperty("creating")
        CREATING,
        @JsonProperty("ready")
        READY,
        @JsonProperty("stopped")
        STOPPED,
        @JsonProperty("error")
        ERROR;

        static OldStatus of(SandboxStatus status) {
            return switch (status) {
                case CREATING -> CREATING;
                case READY -> READY;
                case STOPPING, STOPPED, ARCHIVED, DELETING -> STOPPED;
                case ERROR -> ERROR;
            };
        }
    }
}
