package dev.omni.problem;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.inject.Singleton;
import java.io.UncheckedIOException;

/** Problem documents for what is refused before it is a request. */
@Singleton
public class Refusals {
    /** There is no address to tell, or none that can be trusted to be one. */
    private static final String NO_ADDRESS = "/";

    private final ObjectMapper json;

    Refusals(ObjectMapper json) {
        this.json = json;
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
