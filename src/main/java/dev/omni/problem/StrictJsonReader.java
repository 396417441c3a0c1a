package dev.omni.problem;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.ws.rs.ConstrainedTo;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.RuntimeType;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.Provider;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.resteasy.reactive.common.providers.serialisers.AbstractJsonMessageBodyReader;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyReader;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/** Reads JSON bodies in place of the framework's own reader: a missing, oversized or wrong body is a problem that says so. */
@Provider
@ConstrainedTo(RuntimeType.SERVER)
@Consumes(MediaType.APPLICATION_JSON)
class StrictJsonReader extends AbstractJsonMessageBodyReader implements ServerMessageBodyReader<Object> {
    private final ObjectMapper json;
    private final long maxBytes;

    StrictJsonReader(
            ObjectMapper json, @ConfigProperty(name = "quarkus.http.limits.max-body-size") MemorySize maxBytes) {
        this.json = json;
        this.maxBytes = maxBytes.asLongValue();
    }

    @Override
    public boolean isReadable(
            Class<?> type, Type genericType, ResteasyReactiveResourceInfo method, MediaType mediaType) {
        return isReadable(mediaType, type);
    }

    @Override
    public Object readFrom(Class<Object> type, Type genericType, MediaType mediaType, ServerRequestContext context)
            throws IOException {
        if (context.getRequestHeaders().getRequestHeaders().getFirst(HttpHeaders.CONTENT_TYPE) == null) {
            throw new ProblemException(
                    ProblemCode.UNSUPPORTED_MEDIA_TYPE, "Say what the body is: Content-Type is missing.");
        }
        return read(genericType, context.getInputStream());
    }

    @Override
    public Object readFrom(
            Class<Object> type,
            Type genericType,
            Annotation[] annotations,
            MediaType mediaType,
            MultivaluedMap<String, String> headers,
            InputStream body)
            throws IOException {
        return read(genericType, body);
    }

    private Object read(Type type, InputStream body) throws IOException {
        // Jackson would guess other encodings from the first bytes, and let malformed UTF-8 pass.
        Reader text = new InputStreamReader(new Bounded(body, maxBytes), StandardCharsets.UTF_8.newDecoder());
        try (JsonParser parser = json.createParser(text)) {
            Object value = parser.nextToken() == null
                    ? null
                    : json.readerFor(json.constructType(type)).readValue(parser);
            if (value == null) {
                throw ProblemException.invalid("body", "is required");
            }
            return value;
        } catch (JsonProcessingException e) {
            throw JsonFailures.explain(e);
        } catch (CharacterCodingException e) {
            throw JsonFailures.malformed();
        }
    }

    /** Bounds a body that came without its length; one with its length was refused before it got here. */
    private static final class Bounded extends FilterInputStream {
        private long left;

        Bounded(InputStream in, long maxBytes) {
            super(in);
            left = maxBytes;
        }

        @Override
        public int read() throws IOException {
            int next = super.read();
            count(next < 0 ? 0 : 1);
            return next;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = super.read(buffer, offset, length);
            count(Math.max(0, read));
            return read;
        }

        /** Closing reads what is left, which is not wanted of a body that has no end. */
        @Override
        public void close() throws IOException {
            if (left >= 0) {
                super.close();
            }
        }

        private void count(int read) {
            left -= read;
            if (left < 0) {
                throw BodyLimit.tooLarge();
            }
        }
    }
}
