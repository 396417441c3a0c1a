package dev.omni.job;

import dev.omni.audit.Action;
import dev.omni.audit.Audited;
import dev.omni.identity.Caller;
import dev.omni.limit.Limited;
import dev.omni.limit.Policy;
import dev.omni.problem.Problem;
import io.quarkus.security.Authenticated;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.Uni;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.headers.Header;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestMulti;
import org.jboss.resteasy.reactive.RestResponse;
import org.jboss.resteasy.reactive.server.Cancellable;
import org.jspecify.annotations.Nullable;

/** Running things in a sandbox. */
@Path("/api/v1/sandboxes")
@Authenticated
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Jobs", description = "Run commands and prompts in a sandbox, and read what they print")
public class JobResource {
    private static final String IDEMPOTENCY_KEY = "Idempotency-Key";
    private static final String NEXT_CURSOR = "X-Next-Cursor";

    private final Jobs jobs;
    private final Execs execs;
    private final JobConfig config;
    private final SecurityIdentity identity;

    JobResource(Jobs jobs, Execs execs, JobConfig config, SecurityIdentity identity) {
        this.jobs = jobs;
        this.execs = execs;
        this.config = config;
        this.identity = identity;
    }

    @POST
    @Path("/{sandboxId}/exec")
    @Limited(Policy.RUN)
    @Consumes(MediaType.APPLICATION_JSON)
    @Audited(Action.EXEC)
    @Operation(
            operationId = "exec",
            summary = "Run a short command and wait for it",
            description =
                    "A command that fails is a 200 with its exit code. For more than a few minutes, or to watch it"
                            + " live, start a job instead.")
    @APIResponse(
            responseCode = "200",
            description = "How it ended, and what it printed",
            content =
                    @Content(
                            schema = @Schema(implementation = ExecResult.class),
                            examples = @ExampleObject(name = "ran", value = """
                                                    {"exitCode": 0, "stdout": "hello\\n", "stderr": "", "truncated": false,
                                                     "durationMillis": 84}""")))
    @APIResponse(
            responseCode = "422",
            description = "quota_exceeded: as many jobs run as may",
            content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(ref = "Problem")))
    public Uni<ExecResult> exec(
            @PathParam("sandboxId") String sandboxId,
            @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            schema = @Schema(implementation = ExecRequest.class),
                                            examples = @ExampleObject(name = "a command", value = """
                                                                    {"command": "echo hello"}""")))
                    @Valid
                    @NotNull
                    ExecRequest request) {
        return execs.run(caller(), sandboxId, request.toCommand());
    }

    @POST
    @Path("/{sandboxId}/jobs")
    @Limited(Policy.RUN)
    @Cancellable(false) // A caller who hangs up must not keep a job that has begun from being followed.
    @Consumes(MediaType.APPLICATION_JSON)
    @Audited(Action.JOB_START)
    @Operation(
            operationId = "startJob",
            summary = "Start a command or a prompt",
            description = "Answers at once; watch it on /ws, as server-sent events, or read its output. With an"
                    + " Idempotency-Key a repeated call finds the job of the first, as long as that is kept.")
    @APIResponse(
            responseCode = "202",
            description = "The job that runs now",
            content =
                    @Content(
                            schema = @Schema(implementation = Job.class),
                            examples = @ExampleObject(name = "running", value = """
                                                    {"id": "019ab2f0-7d1c-7c7e-9a63-0c1f5f3c2b11", "sandboxId": "0b6f6a0e-3d1b-4d8e-9b7b-9b5a0d2f7c55",
                                                     "kind": "command", "status": "running", "createdAt": "2026-06-25T10:00:00Z",
                                                     "cursor": "AQgAAAAAAAAAAFpWJZo"}""")))
    @APIResponse(
            responseCode = "422",
            description = "quota_exceeded: as many jobs run as may",
            content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(ref = "Problem")))
    public Uni<RestResponse<Job>> start(
            @PathParam("sandboxId") String sandboxId,
            @Parameter(description = "Makes a retry of this call safe")
                    @HeaderParam(IDEMPOTENCY_KEY)
                    @Pattern(regexp = "[\\x21-\\x7e]{1,128}", message = "must be 1 to 128 printable ASCII characters")
                    @Nullable
                    String idempotencyKey,
            @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            schema = @Schema(implementation = JobRequest.class),
                                            examples = {
                                                @ExampleObject(name = "a command", value = """
                                                                {"command": "for i in 1 2 3; do echo $i; sleep 1; done"}"""),
                                                @ExampleObject(name = "a prompt", value = """
                                                                {"prompt": {"input": "Summarise the notes in this folder."}}""")
                                            }))
                    @Valid
                    @NotNull
                    JobRequest request,
            UriInfo uri) {
        return jobs.start(caller(), sandboxId, request.toJob(config), idempotencyKey)
                .map(job -> RestResponse.ResponseBuilder.<Job>create(RestResponse.Status.ACCEPTED)
                        .entity(job)
                        .location(uri.getAbsolutePathBuilder()
                                .path(job.id().toString())
                                .build())
                        .build());
    }

    @GET
    @Path("/{sandboxId}/jobs")
    @Operation(operationId = "listJobs", summary = "The sandbox's jobs, newest first")
    @APIResponse(
            responseCode = "200",
            description = "The jobs that are still kept",
            content = @Content(schema = @Schema(implementation = JobList.class)))
    public Uni<JobList> list(@PathParam("sandboxId") String sandboxId) {
        return jobs.list(caller(), sandboxId).map(JobList::new);
    }

    @GET
    @Path("/{sandboxId}/jobs/{jobId}")
    @Operation(operationId = "getJob", summary = "One job")
    @APIResponse(
            responseCode = "200",
            description = "The job as it is now",
            content = @Content(schema = @Schema(implementation = Job.class)))
    public Uni<Job> get(@PathParam("sandboxId") String sandboxId, @PathParam("jobId") UUID jobId) {
        return jobs.get(caller(), sandboxId, jobId);
    }

    @GET
    @Path("/{sandboxId}/jobs/{jobId}/output")
    @Produces(MediaType.TEXT_PLAIN + ";charset=utf-8")
    @Operation(
            operationId = "getJobOutput",
            summary = "What a job has printed so far",
            description = "The bytes as they were printed, streamed; of both streams unless one is asked for.")
    @APIResponse(
            responseCode = "200",
            description = "The output",
            headers =
                    @Header(
                            name = NEXT_CURSOR,
                            description = "The position behind this output; absent when it is larger than 256 KiB",
                            schema = @Schema(implementation = String.class)),
            content = @Content(mediaType = MediaType.TEXT_PLAIN, schema = @Schema(implementation = String.class)))
    public RestMulti<byte[]> output(
            @PathParam("sandboxId") String sandboxId,
            @PathParam("jobId") UUID jobId,
            @Parameter(description = "Only what follows this position") @QueryParam("cursor") @Nullable String cursor,
            @Parameter(description = "One stream only")
                    @QueryParam("stream")
                    @Pattern(regexp = "stdout|stderr", message = "must be stdout or stderr")
                    @Nullable
                    String stream) {
        JobEvent.OutputStream wanted = stream == null
                ? null
                : stream.equals("stdout") ? JobEvent.OutputStream.STDOUT : JobEvent.OutputStream.STDERR;
        return RestMulti.fromUniResponse(
                jobs.output(caller(), sandboxId, jobId, cursor, wanted),
                JobOutput::bytes,
                output -> output.nextCursor() == null ? Map.of() : Map.of(NEXT_CURSOR, List.of(output.nextCursor())));
    }

    @POST
    @Path("/{sandboxId}/jobs/{jobId}/input")
    @Consumes(MediaType.APPLICATION_JSON)
    @Audited(Action.JOB_INPUT)
    @Operation(
            operationId = "sendJobInput",
            summary = "Write to a job's stdin",
            description =
                    "The job must have been started with \"stdin\": \"open\". A newline is added where there is none.")
    @APIResponse(responseCode = "204", description = "Written")
    public Uni<Void> input(
            @PathParam("sandboxId") String sandboxId,
            @PathParam("jobId") UUID jobId,
            @RequestBody(
                            required = true,
                            content =
                                    @Content(
                                            schema = @Schema(implementation = InputRequest.class),
                                            examples =
                                                    @ExampleObject(name = "a line", value = "{\"data\": \"yes\\n\"}")))
                    @Valid
                    @NotNull
                    InputRequest request) {
        return jobs.input(caller(), sandboxId, jobId, request.data());
    }

    @POST
    @Path("/{sandboxId}/jobs/{jobId}/cancel")
    @Audited(Action.JOB_CANCEL)
    @Operation(
            operationId = "cancelJob",
            summary = "End a running job",
            description = "Its processes get TERM, and KILL five seconds later. The end comes on the stream as always.")
    @APIResponse(responseCode = "202", description = "It is being ended")
    public Uni<RestResponse<Void>> cancel(@PathParam("sandboxId") String sandboxId, @PathParam("jobId") UUID jobId) {
        return jobs.cancel(caller(), sandboxId, jobId).map(done -> RestResponse.accepted());
    }

    private Caller caller() {
        return Caller.of(identity);
    }

    /** The jobs of a sandbox. */
    public record JobList(List<Job> items) {}
}
