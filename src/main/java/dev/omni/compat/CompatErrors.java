package dev.omni.compat;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.omni.problem.Problem;
import io.quarkus.runtime.annotations.RegisterForReflection;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.util.List;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;
import org.jspecify.annotations.Nullable;

/**
 * Puts the errors of the old calls into the old envelope. Whatever raised them, they are problem documents by now; the
 * status stays, the code becomes the old server's, and what it had no word for goes into {@code details}.
 */
class CompatErrors {
    private static final List<String> OLD_CALLS = List.of("/api/sandbox/", "/api/knowledge/", "/api/snapshot/");

    private final ObjectMapper json;

    CompatErrors(ObjectMapper json) {
        this.json = json;
    }

    @ServerResponseFilter
    public void reword(ContainerRequestContext request, ContainerResponseContext response) throws IOException {
        String path = request.getUriInfo().getPath();
        if (response.getEntity() instanceof byte[] document
                && MediaType.valueOf(Problem.MEDIA_TYPE).isCompatible(response.getMediaType())
                && isOldCall(path)) {
            response.setEntity(
                    OldError.of(json.readTree(document)), new Annotation[0], MediaType.APPLICATION_JSON_TYPE);
        }
    }

    static boolean isOldCall(String path) {
        return OLD_CALLS.stream().anyMatch(path::startsWith);
    }

    @RegisterForReflection
    record OldError(Body error) {
        static OldError of(JsonNode problem) {
            String code = problem.path("code").asText();
            return new OldError(new Body(
                    oldCode(code),
                    problem.path("detail").asText(),
                    new Details(code, problem.get("requestId"), problem.get("violations"))));
        }

        /** A user who is not the token's was refused with the word the old server had for all refusals. */
        private static String oldCode(String code) {
            return switch (code) {
                case "malformed_json",
                        "unknown_field",
                        "unknown_parameter",
                        "validation_failed",
                        "too_large",
                        "not_acceptable",
                        "unsupported_media_type" -> "VALIDATION_ERROR";
                case "unauthenticated", "token_expired", "forbidden", "user_mismatch" -> "UNAUTHORIZED";
                case "not_found" -> "NOT_FOUND";
                case "method_not_allowed" -> "METHOD_NOT_ALLOWED";
                case "sandbox_not_found" -> "SANDBOX_NOT_FOUND";
                case "sandbox_not_ready" -> "SANDBOX_NOT_READY";
                case "daytona_not_configured" -> "DAYTONA_NOT_CONFIGURED";
                default -> "SERVER_ERROR";
            };
        }
    }

    @RegisterForReflection
    record Body(String code, String message, Details details) {}

    /** What today's API says of the error. */
    @RegisterForReflection
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Details(
            String code,
            @Nullable JsonNode requestId,
            @Nullable JsonNode violations) {}
}
