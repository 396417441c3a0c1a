package dev.omni.daytona;

import dev.omni.daytona.ErrorMapping.Origin;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.streams.ReadStream;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The body of a GET, read as it comes. Anything but a 200 fails before the first byte. */
final class HttpDownload implements UpstreamStream.Source {
    private final HttpClient client;
    private final ErrorMapping errors;
    private final RequestOptions options;
    private @Nullable HttpClientRequest request;
    private boolean closed;

    HttpDownload(HttpClient client, ErrorMapping errors, URI uri, Map<String, String> headers) {
        this.client = client;
        this.errors = errors;
        this.options = new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setAbsoluteURI(uri.toString())
                .setFollowRedirects(false)
                .setHeaders(MultiMap.caseInsensitiveMultiMap().addAll(headers));
    }

    @Override
    public Future<? extends ReadStream<Buffer>> open(Runnable heard) {
        return client.request(options)
                .compose(opened -> {
                    request = opened;
                    // The answer fails as well, and is what is looked at; without a handler Vert.x logs an error.
                    opened.exceptionHandler(failure -> {});
                    return closed ? Future.failedFuture("closed before it was open") : opened.send();
                })
                .compose(this::accepted);
    }

    private Future<HttpClientResponse> accepted(HttpClientResponse response) {
        if (response.statusCode() == 200) {
            // Nothing may flow before somebody listens.
            return Future.succeededFuture(response.pause());
        }
        Buffer body = Buffer.buffer();
        response.handler(bytes -> {
            if (body.length() < ErrorMapping.LONGEST_BODY) {
                body.appendBuffer(bytes);
            }
        });
        return response.end()
                .compose(end -> Future.failedFuture(errors.answer(
                        Origin.TOOLBOX,
                        response.statusCode(),
                        ErrorMapping.grouped(response.headers()),
                        body.toString())));
    }

    /** HTTP has nothing to ask with; the data itself must come. */
    @Override
    public void probe() {}

    /** An end before all was read fails by itself. */
    @Override
    public @Nullable Throwable failureAtEnd() {
        return null;
    }

    @Override
    public void close() {
        closed = true;
        if (request != null) {
            request.reset();
        }
    }
}
