package dev.omni.stream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;

/**
 * An announcement as it travels: JSON that either is exactly as expected or is ignored.
 *
 * @param version of this format; replicas of another one are neither understood nor listened to
 * @param replica the process that tells it
 */
@RegisterForReflection
record Envelope(int version, UUID replica, Announcement announcement) {
    private static final int VERSION = 1;

    /** Several times what the longest names make, and too little to cost anything. */
    private static final int MAX_BYTES = 4096;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(
                    DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS,
                    DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withCoercionConfig(
                    LogicalType.Textual, text -> text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail))
            .build();
    private static final ObjectReader READER = MAPPER.readerFor(Envelope.class);
    private static final ObjectWriter WRITER = MAPPER.writerFor(Envelope.class);

    public Envelope {
        if (version != VERSION) {
            throw new IllegalArgumentException("another version");
        }
    }

    static Envelope of(UUID replica, Announcement announcement) {
        return new Envelope(VERSION, replica, announcement);
    }

    String encode() {
        try {
            return WRITER.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an announcement that cannot be written as JSON", e);
        }
    }

    /** Empty for anything that is no announcement. */
    static Optional<Envelope> decode(Buffer payload) {
        if (payload.length() > MAX_BYTES) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(READER.readValue(payload.getBytes()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
