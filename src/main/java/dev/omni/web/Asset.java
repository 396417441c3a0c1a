package dev.omni.web;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A file of the program as browsers get it. They ask each time whether it has changed, and a hash of its content answers: the
 * time that Quarkus's own static resources go by is the same in every reproducible build.
 *
 * @param headers beside those of every answer
 */
record Asset(Buffer content, String type, String etag, Map<String, String> headers) {
    static final String SCRIPT = "text/javascript; charset=utf-8";

    /** Reads a file of this package; blocks. */
    static Asset read(String name, String type) {
        try (InputStream file = Asset.class.getResourceAsStream(name)) {
            if (file == null) {
                throw new FileNotFoundException(name);
            }
            byte[] content = file.readAllBytes();
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return new Asset(Buffer.buffer(content), type, '"' + HexFormat.of().formatHex(hash, 0, 16) + '"', Map.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    Asset with(Map<String, String> more) {
        return new Asset(content, type, etag, more);
    }

    void serve(Router router, String path) {
        router.route(path).handler(this::answer);
    }

    private void answer(RoutingContext context) {
        HttpMethod method = context.request().method();
        if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
            context.response().putHeader(HttpHeaders.ALLOW, "GET, HEAD");
            context.fail(405);
            return;
        }
        HttpServerResponse response = context.response()
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                // A page of another origin must not be given the copy that was made without the headers it needs.
                .putHeader(HttpHeaders.VARY, HttpHeaders.ORIGIN)
                .putHeader(HttpHeaders.ETAG, etag);
        headers.forEach(response::putHeader);
        if (isKnown(context.request().getHeader(HttpHeaders.IF_NONE_MATCH))) {
            response.setStatusCode(304).end();
        } else {
            response.putHeader(HttpHeaders.CONTENT_TYPE, type)
                    .putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(content.length()));
            if (method.equals(HttpMethod.HEAD)) {
                response.end();
            } else {
                response.end(content);
            }
        }
    }

    private boolean isKnown(@Nullable String etags) {
        return etags != null
                && Arrays.stream(etags.split(",", -1))
                        .map(tag -> tag.strip().replaceFirst("^W/", ""))
                        .anyMatch(tag -> tag.equals(etag) || tag.equals("*"));
    }
}
