package dev.omni.compat;

import io.quarkus.smallrye.openapi.OpenApiFilter;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.media.Schema;

/** Says in the API document that the old calls fail in the old envelope, but for a body that is refused unread. */
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public class CompatDocument implements OASFilter {
    private static final String ERROR = "CompatError";
    private static final List<Integer> STATUSES = List.of(400, 401, 403, 404, 405, 409, 415, 429, 500, 502, 503, 504);

    @Override
    public void filterOpenAPI(OpenAPI api) {
        api.getComponents().addSchema(ERROR, error());
        api.getPaths().getPathItems().forEach((path, item) -> {
            if (CompatErrors.isOldCall(path)) {
                item.getOperations().values().forEach(CompatDocument::complete);
            }
        });
    }

    private static void complete(Operation operation) {
        for (int status : STATUSES) {
            operation
                    .getResponses()
                    .addAPIResponse(
                            Integer.toString(status),
                            OASFactory.createAPIResponse()
                                    .description("The old envelope")
                                    .content(OASFactory.createContent()
                                            .addMediaType(
                                                    MediaType.APPLICATION_JSON,
                                                    OASFactory.createMediaType()
                                                            .schema(OASFactory.createSchema()
                                                                    .ref(ERROR)))));
        }
    }

    private static Schema error() {
        Schema text = OASFactory.createSchema().addType(Schema.SchemaType.STRING);
        Schema error = OASFactory.createSchema()
                .addType(Schema.SchemaType.OBJECT)
                .required(List.of("code", "message"))
                .addProperty("code", text)
                .addProperty("message", text)
                .addProperty("details", OASFactory.createSchema().addType(Schema.SchemaType.OBJECT));
        return OASFactory.createSchema()
                .addType(Schema.SchemaType.OBJECT)
                .required(List.of("error"))
                .addProperty("error", error);
    }
}
