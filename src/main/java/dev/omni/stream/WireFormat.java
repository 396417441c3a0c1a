package dev.omni.stream;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import dev.omni.job.JobStatus;
import dev.omni.problem.WellFormedText;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.stream.Collectors;

/**
 * Messages to and from JSON. It has a mapper of its own, since the protocol's strictness must not depend on what the REST
 * API's mapper allows.
 */
@RegisterForReflection(targets = JobStatus.class)
final class WireFormat {
    /** How much of a client's own words an error repeats. */
    private static final int MAX_ECHO = 64;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .addModule(WellFormedText.module())
            .defaultPropertyInclusion(JsonInclude.Value.ALL_NON_NULL)
            .withCoercionConfig(LogicalType.Textual, text -> {
                for (var shape : new CoercionInputShape[] {
                    CoercionInputShape.Integer, CoercionInputShape.Float, CoercionInputShape.Boolean
                }) {
                    text.setCoercion(shape, CoercionAction.Fail);
                }
            })
            .build();

    private static final ObjectReader READER = MAPPER.readerFor(ClientMessage.class);
    private static final ObjectWriter WRITER = MAPPER.writerFor(ServerMessage.class);

    private WireFormat() {}

    /** In UTF-8. */
    static byte[] encode(ServerMessage message) {
        try {
            return WRITER.writeValueAsBytes(message);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a message that cannot be written as JSON", e);
        }
    }

    /** @throws InvalidMessageException naming the field, for anything that is not exactly a message of the protocol */
    static ClientMessage decode(String text) {
        // Jackson would also take the type from the first element of an array.
        if (!text.stripLeading().startsWith("{")) {
            throw new InvalidMessageException("the message is not a JSON object");
        }
        try {
            return READER.readValue(text);
        } catch (JsonProcessingException e) {
            throw new InvalidMessageException(explain(e));
        }
    }

    private static String explain(JsonProcessingException failure) {
        return switch (failure) {
            case JsonMappingException e when e.getCause() instanceof InvalidMessageException invalid -> invalid.text();
            case UnrecognizedPropertyException e -> echo(e.getPropertyName()) + ": is not a field of this message";
            case InvalidTypeIdException e -> e.getTypeId() == null ? "type: is missing" : "type: is not known";
            case JsonMappingException e when !e.getPath().isEmpty() -> path(e) + ": is not of the right type";
            default ->
                failure.getOriginalMessage().startsWith("Duplicate field")
                        ? echo(failure.getOriginalMessage())
                        : "the message is not valid JSON";
        };
    }

    private static String path(JsonMappingException e) {
        return echo(e.getPath().stream()
                .map(JsonMappingException.Reference::getFieldName)
                .collect(Collectors.joining(".")));
    }

    private static String echo(String text) {
        return text.length() <= MAX_ECHO ? text : text.substring(0, MAX_ECHO) + "…";
    }
}
