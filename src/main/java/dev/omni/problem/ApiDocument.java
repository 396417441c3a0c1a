package dev.omni.problem;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.Components;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.headers.Header;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.parameters.Parameter;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;
import org.eclipse.microprofile.openapi.models.security.SecurityScheme;

/** Adds to the generated API document what is true of every operation: who may call, how it fails, what comes with it. */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public class ApiDocument implements OASFilter {
    private static final String BEARER = "bearer";
    private static final String PROBLEM = "Problem";
    private static final String REQUEST_ID = "RequestId";

    /** The statuses any operation under /api can end with, whatever it does. */
    private static final List<Integer> COMMON = List.of(400, 401, 403, 429, 500, 502, 503, 504);

    private static final List<Integer> OF_BODIES = List.of(413, 415);

    @Override
    public void filterOpenAPI(OpenAPI api) {
        api.info(OASFactory.createInfo()
                .title("Omni")
                .version("1")
                .description("Runs an input in the signed-in user's own sandbox and streams it live. Every error is a"
                        + " problem document (RFC 9457) with a stable code."));
        Components components = api.getComponents() == null ? OASFactory.createComponents() : api.getComponents();
        api.components(components);
        components.addSecurityScheme(
                BEARER,
                OASFactory.createSecurityScheme()
                        .type(SecurityScheme.Type.HTTP)
                        .scheme("bearer")
                        .bearerFormat("JWT")
                        .description("A token of the configured issuer and audience; its sub is the user."));
        components.addHeader(REQUEST_ID, requestId());
        components.addSchema(PROBLEM, problem());
        for (int status : COMMON) {
            components.addResponse(name(status), response(status));
        }
        for (int status : OF_BODIES) {
            components.addResponse(name(status), response(status));
        }
        components.addResponse(name(404), response(404));
        components.addResponse(name(409), response(409));
        if (api.getPaths() != null && api.getPaths().getPathItems() != null) {
            api.getPaths().getPathItems().forEach(ApiDocument::complete);
        }
    }

    private static void complete(String path, PathItem item) {
        for (Operation operation : item.getOperations().values()) {
            if (path.startsWith("/api/")) {
                operation.addSecurityRequirement(
                        OASFactory.createSecurityRequirement().addScheme(BEARER));
                COMMON.forEach(status -> refer(operation, status));
                if (hasPathParameter(item) || hasPathParameter(operation)) {
                    refer(operation, 404);
                    refer(operation, 409);
                }
            }
            if (operation.getRequestBody() != null) {
                refer(operation, 400);
                OF_BODIES.forEach(status -> refer(operation, status));
            }
            operation.getResponses().getAPIResponses().values().stream()
                    .filter(response -> response.getRef() == null)
                    .forEach(response -> response.addHeader(
                            RequestId.HEADER, OASFactory.createHeader().ref(REQUEST_ID)));
        }
    }

    private static boolean hasPathParameter(PathItem item) {
        return item.getParameters() != null && item.getParameters().stream().anyMatch(ApiDocument::isInPath);
    }

    private static boolean hasPathParameter(Operation operation) {
        return operation.getParameters() != null
                && operation.getParameters().stream().anyMatch(ApiDocument::isInPath);
    }

    private static boolean isInPath(Parameter parameter) {
        return parameter.getIn() == Parameter.In.PATH;
    }

    /** What an author says of a status stays; only an empty mention is replaced. */
    private static void refer(Operation operation, int status) {
        String key = Integer.toString(status);
        APIResponse said = operation.getResponses().getAPIResponse(key);
        if (said == null || said.getContent() == null) {
            operation
                    .getResponses()
                    .addAPIResponse(key, OASFactory.createAPIResponse().ref(name(status)));
        }
    }

    private static String name(int status) {
        return PROBLEM + status;
    }

    private static APIResponse response(int status) {
        List<ProblemCode> codes = ProblemCode.ofStatus(status);
        String listed = String.join(", ", codes.stream().map(ProblemCode::code).toList());
        APIResponse response = OASFactory.createAPIResponse()
                .description("One of: " + listed)
                .addHeader(RequestId.HEADER, OASFactory.createHeader().ref(REQUEST_ID))
                .content(OASFactory.createContent()
                        .addMediaType(
                                Problem.MEDIA_TYPE,
                                OASFactory.createMediaType()
                                        .schema(OASFactory.createSchema().ref(PROBLEM))
                                        .example(example(codes.getFirst()))));
        switch (status) {
            case 401 -> response.addHeader("WWW-Authenticate", header("Bearer", Schema.SchemaType.STRING));
            case 429, 503 -> response.addHeader("Retry-After", header("Seconds to wait", Schema.SchemaType.INTEGER));
            default -> {}
        }
        return response;
    }

    private static Header header(String description, Schema.SchemaType type) {
        return OASFactory.createHeader()
                .description(description)
                .schema(OASFactory.createSchema().addType(type));
    }

    private static Header requestId() {
        Header header =
                header("The request's id, as it is in the logs: the caller's or a new one", Schema.SchemaType.STRING);
        return header.example("5f0c1f7e-8a53-4c0e-9c59-0f2b0f4f7a11");
    }

    private static Schema problem() {
        Schema text = OASFactory.createSchema().addType(Schema.SchemaType.STRING);
        Schema violation = OASFactory.createSchema()
                .addType(Schema.SchemaType.OBJECT)
                .required(List.of("field", "message"))
                .addProperty("field", text)
                .addProperty("message", text);
        return OASFactory.createSchema()
                .addType(Schema.SchemaType.OBJECT)
                .description("What went wrong (RFC 9457). Clients switch on the code.")
                .required(List.of("type", "title", "status", "detail", "instance", "code", "requestId", "retryable"))
                .addProperty("type", text)
                .addProperty("title", text)
                .addProperty("status", OASFactory.createSchema().addType(Schema.SchemaType.INTEGER))
                .addProperty("detail", text)
                .addProperty("instance", text)
                .addProperty("code", text)
                .addProperty("requestId", text)
                .addProperty(
                        "retryable",
                        OASFactory.createSchema()
                                .addType(Schema.SchemaType.BOOLEAN)
                                .description("Whether the same request may succeed when it is sent again later"))
                .addProperty(
                        "retryAfterSeconds",
                        OASFactory.createSchema()
                                .addType(Schema.SchemaType.INTEGER)
                                .description("How much later, where that is known"))
                .addProperty(
                        "stage",
                        OASFactory.createSchema()
                                .addType(Schema.SchemaType.STRING)
                                .description("The step of the work that failed, where that is known")
                                .enumeration(Stream.of(Stage.values())
                                        .map(Stage::wireName)
                                        .map(Object.class::cast)
                                        .toList()))
                .addProperty(
                        "violations",
                        OASFactory.createSchema()
                                .addType(Schema.SchemaType.ARRAY)
                                .items(violation))
                .examples(List.of(example(ProblemCode.VALIDATION_FAILED)));
    }

    private static Map<String, Object> example(ProblemCode code) {
        return Map.of(
                "type",
                "urn:omni:problem:" + code.code(),
                "title",
                code.title(),
                "status",
                code.status(),
                "detail",
                code.title() + ".",
                "instance",
                "/api/v1/sandboxes",
                "code",
                code.code(),
                "requestId",
                "5f0c1f7e-8a53-4c0e-9c59-0f2b0f4f7a11",
                "retryable",
                code.isRetryable());
    }
}
