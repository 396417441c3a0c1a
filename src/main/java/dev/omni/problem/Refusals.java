package dev.omni.problem;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.vertx.http.runtime.VertxHttpConfig;
import io.smallrye.config.SmallRyeConfig;
import jakarta.inject.Singleton;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.Config;

/** Problem documents for what is refused before it is a request. */
@Singleton
public class Refusals {
    /** There is no address to tell, or none that can be trusted to be one. */
    private static final String NO_ADDRESS = "/";

    private final ObjectMapper json;
    private final Map<String, String> headers;

    Refusals(ObjectMapper json, Config config) {
        this.json = json;
        this.headers =
                config.unwrap(SmallRyeConfig.class).getConfigMapping(VertxHttpConfig.class).header().entrySet().stream()
                        .collect(Collectors.toUnmodifiableMap(
                                Map.Entry::getKey, header -> header.getValue().value()));
    }

    /** Those of {@code quarkus.http.header}, which Quarkus itself puts on what routes answer, and on nothing else. */
    public Map<String, String> headers() {
        return headers;
    }

    /** The document, in JSON. */
    public byte[] body(ProblemException refusal, String requestId) {
        try {
            return json.writeValueAsBytes(Problem.of(refusal, NO_ADDRESS, requestId));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
