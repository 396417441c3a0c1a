package dev.omni.sandbox;

import dev.omni.audit.Action;
import dev.omni.audit.Audited;
import dev.omni.identity.Caller;
import dev.omni.limit.Limited;
import dev.omni.limit.Policy;
import dev.omni.observe.LogContext;
import dev.omni.problem.PlainText;
import dev.omni.problem.Problem;
import dev.omni.problem.ProblemException;
import io.quarkus.security.Authenticated;
import io.quarkus.security.identity.SecurityIdentity;
import io.smallrye.mutiny.Uni;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.headers.Header;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.ExampleObject;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestHeader;
import org.jboss.resteasy.reactive.RestPath;
import org.jboss.resteasy.reactive.RestQuery;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

/** The REST calls of sandboxes. */
@Path("/api/v1/sandboxes")
@Authenticated
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Sandboxes", description = "A user's sandboxes.")
class SandboxResource {
    private static final Pattern IDEMPOTENCY_KEY = Pattern.compile("[\\x21-\\x7E]{1,128}");
    private static final Pattern LABEL_KEY = Pattern.compile("(?!omni\\.)" + NewSandboxRequest.LABEL_KEY);
    /** A list is filtered by what labels its items may carry, so it needs no more of them. */
    private static final int MAX_LABELS = 32;

    private static final String WAIT =
            "`wait=N` answers when the sandbox is ready, or after N seconds (at most 60) as it then is";
    private static final String EXAMPLE = """
            {"id": "0d5ed6c2-4b2a-4f0f-9d0e-0a4f3f1a2b3c", "name": "default", "status": "ready",
             "snapshot": "omni-base", "labels": {}, "resources": {"cpu": 1, "memoryGiB": 1, "diskGiB": 3},
             "idle": {"stopAfterMinutes": 15, "archiveAfterMinutes": 10080, "deleteAfterMinutes": 43200},
             "createdAt": "2026-01-01T12:00:00Z", "lastActivityAt": "2026-01-01T12:05:00Z"}""";

    private final Sandboxes sandboxes;
    private final SecurityIdentity identity;

    SandboxResource(Sandboxes sandboxes, SecurityIdentity identity) {
        this.sandboxes = sandboxes;
        this.identity = identity;
    }

    @POST
    @Limited(Policy.CREATE)
    @Consumes(MediaType.APPLICATION_JSON)
    @Audited(Action.SANDBOX_CREATE)
    @Operation(operationId = "createSandbox", summary = "Create a sandbox")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = NewSandboxRequest.class),
                            examples = {
                                @ExampleObject(name = "defaults", summary = "Whatever the service gives", value = "{}"),
                                @ExampleObject(
                                        name = "chosen",
                                        summary = "A named sandbox that may reach one network",
                                        value = """
                                                {"name": "report", "env": {"LANG": "C.UTF-8"},
                                                 "labels": {"project": "q3"}, "idle": {"stopAfterMinutes": 30},
                                                 "network": {"allow": ["10.0.0.0/8"]}}""")
                            }))
    @APIResponse(
            responseCode = "201",
            description = "It exists; its status says whether it is ready",
            headers = {
                @Header(name = "Location", description = "Where it is", schema = @Schema(type = SchemaType.STRING)),
                @Header(
                        name = "Preference-Applied",
                        description = "The preference that was honoured",
                        schema = @Schema(type = SchemaType.STRING))
            },
            content =
                    @Content(
                            schema = @Schema(implementation = Sandbox.class),
                            examples = @ExampleObject(name = "sandbox", value = EXAMPLE)))
    @APIResponse(responseCode = "409", ref = "Problem409")
    @APIResponse(
            responseCode = "422",
            description = "quota_exceeded: the caller's quota, or the platform's, is used up",
            content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(ref = "Problem")))
    public Uni<RestResponse<Sandbox>> create(
            @Valid @NotNull NewSandboxRequest request,
            @Parameter(
                            description =
                                    "Repeating the call with the same key (1 to 128 printable characters) and body gives the same sandbox")
                    @RestHeader("Idempotency-Key")
                    @Nullable
                    String idempotencyKey,
            @Parameter(description = WAIT, schema = @Schema(type = SchemaType.STRING), example = "wait=10")
                    @RestHeader("Prefer")
                    List<String> prefer) {
        if (idempotencyKey != null && !IDEMPOTENCY_KEY.matcher(idempotencyKey).matches()) {
            throw ProblemException.invalid("Idempotency-Key", "must be 1 to 128 printable ASCII characters");
        }
        WaitPreference wait = WaitPreference.of(prefer);
        return sandboxes
                .create(caller(), request, idempotencyKey, WaitPreference.duration(wait))
                .invoke(SandboxResource::about)
                .map(sandbox -> created(sandbox, wait));
    }

    @PUT
    @Path("/default")
    @Limited(Policy.CREATE)
    @Audited(Action.SANDBOX_ENSURE)
    @Operation(
            operationId = "ensureDefaultSandbox",
            summary = "Get the caller's own long-lived sandbox",
            description =
                    "Created, found, woken when it is stopped or archived, replaced when it is broken. However many"
                            + " calls come at once, there is one.")
    @APIResponse(
            responseCode = "200",
            description = "It was there",
            content =
                    @Content(
                            schema = @Schema(implementation = Sandbox.class),
                            examples = @ExampleObject(name = "sandbox", value = EXAMPLE)))
    @APIResponse(
            responseCode = "201",
            description = "It was created",
            headers =
                    @Header(name = "Location", description = "Where it is", schema = @Schema(type = SchemaType.STRING)),
            content = @Content(schema = @Schema(implementation = Sandbox.class)))
    @APIResponse(responseCode = "409", ref = "Problem409")
    @APIResponse(
            responseCode = "422",
            description = "quota_exceeded: the caller's quota, or the platform's, is used up",
            content = @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(ref = "Problem")))
    public Uni<RestResponse<Sandbox>> ensureDefault(
            @Parameter(description = WAIT, schema = @Schema(type = SchemaType.STRING), example = "wait=10")
                    @RestHeader("Prefer")
                    List<String> prefer) {
        WaitPreference wait = WaitPreference.of(prefer);
        return sandboxes
                .ensureDefault(caller(), WaitPreference.duration(wait))
                .invoke(ensured -> about(ensured.sandbox()))
                .map(ensured -> ensured.fresh()
                        ? created(ensured.sandbox(), wait)
                        : applied(RestResponse.ResponseBuilder.ok(ensured.sandbox()), wait)
                                .build());
    }

    @GET
    @Operation(operationId = "listSandboxes", summary = "List the caller's sandboxes, newest first")
    @APIResponse(
            responseCode = "200",
            description = "A page; it may hold fewer than asked for with more to come",
            content =
                    @Content(
                            schema = @Schema(implementation = SandboxPage.class),
                            examples = @ExampleObject(name = "page", value = "{\"items\": [" + EXAMPLE + "]}")))
    public Uni<SandboxPage> list(
            @Parameter(
                            description = "Only those with this status",
                            schema = @Schema(implementation = SandboxStatus.class))
                    @RestQuery
                    @Nullable
                    String status,
            @Parameter(
                            description = "Only those with this label, as `key:value`; may be repeated",
                            example = "project:q3")
                    @RestQuery
                    List<String> label,
            @Parameter(description = "At most so many") @RestQuery @DefaultValue("20") @Min(1) @Max(100) int limit,
            @Parameter(description = "`nextCursor` of the page before, with the same filters") @RestQuery @Nullable
                    String cursor) {
        return sandboxes.list(caller(), status(status), labels(label), limit, cursor);
    }

    @GET
    @Path("/{sandboxId}")
    @Operation(operationId = "getSandbox", summary = "Get a sandbox")
    @APIResponse(
            responseCode = "200",
            description = "The sandbox",
            content =
                    @Content(
                            schema = @Schema(implementation = Sandbox.class),
                            examples = @ExampleObject(name = "sandbox", value = EXAMPLE)))
    public Uni<Sandbox> get(@RestPath String sandboxId) {
        return sandboxes.get(caller(), sandboxId);
    }

    @PATCH
    @Path("/{sandboxId}")
    @Consumes(MediaType.APPLICATION_JSON)
    @Audited(Action.SANDBOX_CHANGE)
    @Operation(
            operationId = "changeSandbox",
            summary = "Change a sandbox's labels or idle policy",
            description =
                    "Labels take the place of all labels there were; of the idle policy, only what is named changes.")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON,
                            schema = @Schema(implementation = SandboxChange.class),
                            examples = @ExampleObject(name = "both", value = """
                                                    {"labels": {"project": "q4"}, "idle": {"stopAfterMinutes": 60}}""")))
    @APIResponse(
            responseCode = "200",
            description = "The sandbox as it is now",
            content = @Content(schema = @Schema(implementation = Sandbox.class)))
    public Uni<Sandbox> change(@RestPath String sandboxId, @Valid @NotNull SandboxChange change) {
        return sandboxes.change(caller(), sandboxId, change);
    }

    @DELETE
    @Path("/{sandboxId}")
    @Audited(Action.SANDBOX_DELETE)
    @Operation(
            operationId = "deleteSandbox",
            summary = "Delete a sandbox with all its files",
            description = "Waits some seconds for a sandbox that is busy.")
    @APIResponse(responseCode = "204", description = "The caller has no such sandbox any more")
    public Uni<Void> delete(@RestPath String sandboxId) {
        return sandboxes.delete(caller(), sandboxId);
    }

    @POST
    @Path("/{sandboxId}/start")
    @Audited(Action.SANDBOX_START)
    @Operation(operationId = "startSandbox", summary = "Start a stopped or archived sandbox")
    @APIResponse(
            responseCode = "202",
            description = "It starts, or had started",
            content = @Content(schema = @Schema(implementation = Sandbox.class)))
    public Uni<RestResponse<Sandbox>> start(@RestPath String sandboxId) {
        return sandboxes.start(caller(), sandboxId).map(SandboxResource::accepted);
    }

    @POST
    @Path("/{sandboxId}/stop")
    @Audited(Action.SANDBOX_STOP)
    @Operation(
            operationId = "stopSandbox",
            summary = "Stop a sandbox",
            description = "What runs in it ends; its files stay.")
    @APIResponse(
            responseCode = "202",
            description = "It stops, or had stopped",
            content = @Content(schema = @Schema(implementation = Sandbox.class)))
    public Uni<RestResponse<Sandbox>> stop(@RestPath String sandboxId) {
        return sandboxes.stop(caller(), sandboxId).map(SandboxResource::accepted);
    }

    @POST
    @Path("/{sandboxId}/archive")
    @Audited(Action.SANDBOX_ARCHIVE)
    @Operation(
            operationId = "archiveSandbox",
            summary = "Archive a stopped sandbox",
            description = "Its files are kept off any machine; starting it takes longer.")
    @APIResponse(
            responseCode = "202",
            description = "It is being archived, or had been",
            content = @Content(schema = @Schema(implementation = Sandbox.class)))
    public Uni<RestResponse<Sandbox>> archive(@RestPath String sandboxId) {
        return sandboxes.archive(caller(), sandboxId).map(SandboxResource::accepted);
    }

    /** A sandbox that no address named is a subject of this call's log lines from now on. */
    private static void about(Sandbox sandbox) {
        LogContext.put(LogContext.SANDBOX_ID, sandbox.id());
    }

    private Caller caller() {
        return Caller.of(identity);
    }

    private static RestResponse<Sandbox> created(Sandbox sandbox, @Nullable WaitPreference wait) {
        return applied(
                        RestResponse.ResponseBuilder.<Sandbox>create(RestResponse.Status.CREATED)
                                .location(URI.create("/api/v1/sandboxes/" + sandbox.id()))
                                .entity(sandbox),
                        wait)
                .build();
    }

    private static RestResponse<Sandbox> accepted(Sandbox sandbox) {
        return RestResponse.status(RestResponse.Status.ACCEPTED, sandbox);
    }

    private static RestResponse.ResponseBuilder<Sandbox> applied(
            RestResponse.ResponseBuilder<Sandbox> response, @Nullable WaitPreference wait) {
        return wait == null ? response : response.header("Preference-Applied", wait.applied());
    }

    private static @Nullable SandboxStatus status(@Nullable String name) {
        return name == null
                ? null
                : SandboxStatus.ofWireName(name)
                        .orElseThrow(() -> ProblemException.invalid("status", "is not a status of sandboxes"));
    }

    private static Map<String, String> labels(List<String> pairs) {
        if (pairs.size() > MAX_LABELS) {
            throw ProblemException.invalid("label", "must be given at most " + MAX_LABELS + " times");
        }
        Map<String, String> labels = new HashMap<>();
        for (String pair : pairs) {
            int colon = pair.indexOf(':');
            if (colon < 0
                    || !LABEL_KEY.matcher(pair.substring(0, colon)).matches()
                    || !PlainText.Validator.isPlain(pair, false)) {
                throw ProblemException.invalid("label", "must be key:value, as labels are");
            }
            String before = labels.put(pair.substring(0, colon), pair.substring(colon + 1));
            if (before != null) {
                throw ProblemException.invalid("label", "must not name a key twice");
            }
        }
        return labels;
    }
}
