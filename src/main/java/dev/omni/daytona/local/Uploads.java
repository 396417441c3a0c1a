package dev.omni.daytona.local;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.multipart.Attribute;
import io.netty.handler.codec.http.multipart.DefaultHttpDataFactory;
import io.netty.handler.codec.http.multipart.FileUpload;
import io.netty.handler.codec.http.multipart.HttpPostRequestDecoder;
import io.netty.handler.codec.http.multipart.InterfaceHttpData;
import io.vertx.core.Vertx;
import io.vertx.core.file.OpenOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Reads multipart bodies, of any size and part by part in their order, which Vert.x does not tell. */
final class Uploads {
    private static final int CHUNK = 64 * 1024;
    private static final int MAX_FIELDS = 10_000;
    private static final int MAX_PART_HEAD_BYTES = 64 * 1024;

    private final Vertx vertx;
    private final Path spool;

    Uploads(Vertx vertx, Path spool) {
        this.vertx = vertx;
        this.spool = spool;
    }

    interface Parts {
        void field(String name, String value) throws IOException;

        void file(String name, Content content) throws IOException;
    }

    /** The content of a file part, there as long as it is being handled. */
    @FunctionalInterface
    interface Content {
        /** Returns how many bytes it has. */
        long copyTo(Path target) throws IOException;
    }

    /** Reads the request's body; fails when it is no multipart form. */
    void read(Exchange exchange, Parts parts) throws IOException, InterruptedException {
        HttpServerRequest request = exchange.request();
        Path body = spool.resolve(UUID.randomUUID().toString());
        try {
            CompletableFuture<Void> spooled = new CompletableFuture<>();
            exchange.context()
                    .runOnContext(ignored -> vertx.fileSystem()
                            .open(
                                    body.toString(),
                                    new OpenOptions().setWrite(true).setCreateNew(true))
                            .compose(request::pipeTo)
                            .onSuccess(spooled::complete)
                            .onFailure(spooled::completeExceptionally));
            spooled.get();
            decode(request, body, parts);
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        } finally {
            Files.deleteIfExists(body);
        }
    }

    private void decode(HttpServerRequest request, Path body, Parts parts) throws IOException {
        DefaultHttpRequest head = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, request.uri());
        head.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, Objects.requireNonNullElse(request.getHeader("Content-Type"), ""));
        if (!HttpPostRequestDecoder.isMultipart(head)) {
            throw new IOException("No multipart form");
        }
        DefaultHttpDataFactory factory = new DefaultHttpDataFactory(true);
        factory.setBaseDir(spool.toString());
        HttpPostRequestDecoder decoder;
        try {
            decoder =
                    new HttpPostRequestDecoder(factory, head, StandardCharsets.UTF_8, MAX_FIELDS, MAX_PART_HEAD_BYTES);
        } catch (HttpPostRequestDecoder.ErrorDataDecoderException e) {
            throw new IOException(e);
        }
        try (InputStream in = Files.newInputStream(body)) {
            byte[] chunk = new byte[CHUNK];
            for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                decoder.offer(new DefaultHttpContent(Unpooled.copiedBuffer(chunk, 0, read)));
                deliver(decoder, parts);
            }
            decoder.offer(LastHttpContent.EMPTY_LAST_CONTENT);
            deliver(decoder, parts);
        } catch (HttpPostRequestDecoder.ErrorDataDecoderException
                | HttpPostRequestDecoder.TooManyFormFieldsException
                | HttpPostRequestDecoder.TooLongFormFieldException e) {
            throw new IOException(e);
        } finally {
            decoder.destroy();
        }
    }

    private static void deliver(HttpPostRequestDecoder decoder, Parts parts) throws IOException {
        try {
            while (decoder.hasNext()) {
                InterfaceHttpData part = decoder.next();
                if (part instanceof Attribute attribute) {
                    parts.field(attribute.getName(), attribute.getValue());
                } else if (part instanceof FileUpload upload) {
                    parts.file(upload.getName(), target -> copy(upload, target));
                }
            }
        } catch (HttpPostRequestDecoder.EndOfDataDecoderException e) {
            // All parts are delivered.
        }
    }

    private static long copy(FileUpload upload, Path target) throws IOException {
        File content = upload.length() == 0 ? null : upload.getFile();
        if (content == null) {
            Files.write(target, new byte[0]);
        } else {
            // In place, as Daytona does it: the file keeps its mode.
            try (var out = Files.newOutputStream(target)) {
                Files.copy(content.toPath(), out);
            }
        }
        return upload.length();
    }
}
