package dev.omni.daytona.local;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Writes a response body from a thread that may wait for a slow client. */
final class ResponseStream {
    private static final int CHUNK = 64 * 1024;

    private final Context context;
    private final HttpServerResponse response;

    ResponseStream(Context context, HttpServerResponse response) {
        this.context = context;
        this.response = response;
    }

    boolean isClosed() {
        return response.closed();
    }

    void write(String text) throws IOException, InterruptedException {
        write(text.getBytes(StandardCharsets.UTF_8), 0, -1);
    }

    /** @param length -1 for all from the offset */
    void write(byte[] bytes, int offset, int length) throws IOException, InterruptedException {
        int end = length < 0 ? bytes.length : offset + length;
        Buffer buffer = Buffer.buffer(end - offset).appendBytes(bytes, offset, end - offset);
        CompletableFuture<Void> written = new CompletableFuture<>();
        context.runOnContext(ignored -> {
            if (response.closed()) {
                written.completeExceptionally(new IOException("The client is gone"));
            } else {
                response.write(buffer).onComplete(result -> {
                    if (result.failed()) {
                        written.completeExceptionally(result.cause());
                    } else {
                        written.complete(null);
                    }
                });
            }
        });
        try {
            written.get();
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    /** Writes at most {@code length} bytes. */
    void copy(InputStream in, long length) throws IOException, InterruptedException {
        byte[] chunk = new byte[CHUNK];
        long left = length;
        while (left > 0) {
            int read = in.read(chunk, 0, (int) Math.min(chunk.length, left));
            if (read < 0) {
                return;
            }
            write(chunk, 0, read);
            left -= read;
        }
    }
}
