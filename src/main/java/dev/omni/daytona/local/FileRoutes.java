package dev.omni.daytona.local;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The toolbox's calls for files. Their errors are a status and nothing else. */
final class FileRoutes {
    private static final String BOUNDARY = "DAYTONA-FILE-BOUNDARY";

    private final Uploads uploads;

    /** @param spool where request bodies wait until they have been read completely */
    FileRoutes(Vertx vertx, Path spool) throws IOException {
        this.uploads = new Uploads(vertx, Files.createDirectories(spool));
    }

    void register(Toolbox toolbox) {
        add(toolbox, HttpMethod.GET, "/files", Operation.LIST_FILES, FileRoutes::list);
        add(toolbox, HttpMethod.GET, "/files/info", Operation.FILE_INFO, FileRoutes::info);
        add(toolbox, HttpMethod.POST, "/files/folder", Operation.CREATE_FOLDER, FileRoutes::createFolder);
        add(toolbox, HttpMethod.DELETE, "/files", Operation.DELETE_FILE, FileRoutes::delete);
        add(toolbox, HttpMethod.POST, "/files/move", Operation.MOVE_FILE, FileRoutes::move);
        add(toolbox, HttpMethod.GET, "/files/download", Operation.DOWNLOAD_FILE, FileRoutes::download);
        add(toolbox, HttpMethod.POST, "/files/bulk-download", Operation.DOWNLOAD_FILE, FileRoutes::bulkDownload);
        toolbox.addUnread(
                HttpMethod.POST,
                "/files/upload",
                Operation.UPLOAD_FILE,
                (exchange, sandbox, container) -> withStatus(() -> upload(exchange, new SandboxFiles(container))));
        toolbox.addUnread(
                HttpMethod.POST,
                "/files/bulk-upload",
                Operation.UPLOAD_FILE,
                (exchange, sandbox, container) -> bulkUpload(exchange, new SandboxFiles(container)));
    }

    @FunctionalInterface
    private interface Handler {
        Reply handle(Exchange exchange, SandboxFiles files) throws IOException, InterruptedException;
    }

    @FunctionalInterface
    private interface Action {
        Reply run() throws IOException, InterruptedException;
    }

    private static void add(Toolbox toolbox, HttpMethod method, String path, Operation operation, Handler handler) {
        toolbox.add(
                method,
                path,
                operation,
                (exchange, sandbox, container) ->
                        withStatus(() -> handler.handle(exchange, new SandboxFiles(container))));
    }

    private static Reply withStatus(Action action) throws InterruptedException {
        try {
            return action.run();
        } catch (NoSuchFileException e) {
            throw Refusal.empty(404);
        } catch (AccessDeniedException e) {
            throw Refusal.empty(403);
        } catch (IOException e) {
            throw Refusal.empty(400);
        }
    }

    private static Reply list(Exchange exchange, SandboxFiles files) throws IOException {
        return Reply.ok(files.list(exchange.query("path", ".")));
    }

    private static Reply info(Exchange exchange, SandboxFiles files) throws IOException {
        return Reply.ok(files.info(required(exchange, "path")));
    }

    private static Reply createFolder(Exchange exchange, SandboxFiles files) throws IOException {
        Path path = files.resolve(required(exchange, "path"));
        var permissions = SandboxFiles.permissions(exchange.query("mode", "0755"));
        if (!Files.isDirectory(path)) {
            Files.createDirectories(path);
            Files.setPosixFilePermissions(path, permissions);
        }
        return new Reply.Empty(201);
    }

    private static Reply delete(Exchange exchange, SandboxFiles files) throws IOException {
        Path path = files.resolveLink(required(exchange, "path"));
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw Refusal.empty(404);
        }
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) && !"true".equals(exchange.query("recursive"))) {
            throw Refusal.empty(400);
        }
        Trees.delete(path);
        return new Reply.Empty(204);
    }

    private static Reply move(Exchange exchange, SandboxFiles files) throws IOException {
        Path source = files.resolveLink(required(exchange, "source"));
        Path destination = files.resolveLink(required(exchange, "destination"));
        try {
            Files.move(source, destination);
        } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
            throw Refusal.empty(409);
        }
        return new Reply.Empty(200);
    }

    private static Reply download(Exchange exchange, SandboxFiles files) throws IOException {
        String inside = required(exchange, "path");
        Path path = files.resolve(inside);
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw Refusal.empty(400);
        }
        long size = Files.size(path);
        String name = inside.substring(inside.lastIndexOf('/') + 1);
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", "application/octet-stream");
        headers.put(
                "Content-Disposition",
                "attachment; filename=\"" + ascii(name) + "\"; filename*=UTF-8''" + encoded(name));
        headers.put("Accept-Ranges", "bytes");
        headers.put(
                "Last-Modified",
                DateTimeFormatter.RFC_1123_DATE_TIME.format(
                        Files.getLastModifiedTime(path).toInstant().atOffset(ZoneOffset.UTC)));
        ByteRange range = ByteRange.of(exchange.header("Range"), size);
        if (range == null) {
            return new Reply.Json(416, new JsonObject());
        }
        headers.put("Content-Length", Long.toString(range.length()));
        if (range.isPart()) {
            headers.put("Content-Range", range.contentRange(size));
        }
        InputStream content = Files.newInputStream(path);
        return new Reply.Stream(range.isPart() ? 206 : 200, headers, out -> {
            try (content) {
                content.skipNBytes(range.first());
                out.copy(content, range.length());
            }
        });
    }

    private static Reply bulkDownload(Exchange exchange, SandboxFiles files) {
        JsonArray paths =
                exchange.json(Refusal.errorOnly(400, "invalid request body")).getJsonArray("paths", new JsonArray());
        if (paths.isEmpty()) {
            throw Refusal.errorOnly(400, "request body must be {paths: [ … ]} and non-empty");
        }
        List<String> requested = paths.stream().map(String::valueOf).toList();
        return new Reply.Stream(200, Map.of("Content-Type", "multipart/form-data; boundary=" + BOUNDARY), out -> {
            for (String path : requested) {
                writePart(exchange, files, path, out);
            }
            out.write("--" + BOUNDARY + "--\r\n");
        });
    }

    private static void writePart(Exchange exchange, SandboxFiles files, String path, ResponseStream out)
            throws IOException, InterruptedException {
        try {
            Path host = files.resolve(path);
            if (Files.exists(host) && !Files.isRegularFile(host)) {
                writeError(exchange, 400, "INVALID_FILE_PATH", "path is no file: " + path, path, out);
                return;
            }
            try (InputStream content = Files.newInputStream(host)) {
                long size = Files.size(host);
                out.write(partHead("file", path) + "Content-Length: " + size
                        + "\r\nContent-Type: application/octet-stream\r\n\r\n");
                out.copy(content, size);
                out.write("\r\n");
            }
        } catch (NoSuchFileException e) {
            writeError(exchange, 404, "FILE_NOT_FOUND", "file not found: " + path, path, out);
        } catch (AccessDeniedException | Refusal e) {
            writeError(exchange, 403, "FILE_ACCESS_DENIED", "access denied: " + path, path, out);
        }
    }

    private static void writeError(
            Exchange exchange, int status, String code, String message, String path, ResponseStream out)
            throws IOException, InterruptedException {
        JsonObject error =
                Refusal.typedBody(status, message, code, exchange.request()).put("path", path);
        out.write(partHead("error", path) + "Content-Type: application/json; charset=utf-8\r\n\r\n" + error.encode()
                + "\r\n");
    }

    private static String partHead(String name, String path) {
        return "--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\""
                + path.replace("\\", "\\\\").replace("\"", "\\\"") + "\"; filename*=utf-8''" + encoded(path) + "\r\n";
    }

    private Reply upload(Exchange exchange, SandboxFiles files) throws IOException, InterruptedException {
        String path = required(exchange, "path");
        boolean[] written = new boolean[1];
        uploads.read(exchange, new Uploads.Parts() {
            @Override
            public void field(String name, String value) {
                // Only the file matters here.
            }

            @Override
            public void file(String name, Uploads.Content content) throws IOException {
                if (name.equals("file")) {
                    write(content, files.resolve(path));
                    written[0] = true;
                }
            }
        });
        if (!written[0]) {
            throw Refusal.empty(400);
        }
        return new Reply.Empty(200);
    }

    private Reply bulkUpload(Exchange exchange, SandboxFiles files) throws InterruptedException {
        Map<String, String> paths = new LinkedHashMap<>();
        JsonArray written = new JsonArray();
        JsonArray errors = new JsonArray();
        try {
            uploads.read(exchange, new Uploads.Parts() {
                @Override
                public void field(String name, String value) {
                    paths.put(name, value);
                }

                @Override
                public void file(String name, Uploads.Content content) {
                    String path = paths.get(name.replaceAll("\\.file$", ".path"));
                    if (path == null) {
                        errors.add("path of " + name + " must come before it");
                        return;
                    }
                    try {
                        long bytes = write(content, files.resolve(path));
                        written.add(new JsonObject().put("path", path).put("bytes", bytes));
                    } catch (IOException | Refusal e) {
                        errors.add(path + ": cannot be written");
                    }
                }
            });
        } catch (IOException e) {
            errors.add("invalid multipart form");
        }
        JsonObject result = new JsonObject().put("files", written.isEmpty() ? null : written);
        return errors.isEmpty() ? Reply.ok(result) : new Reply.Json(400, result.put("errors", errors));
    }

    private static long write(Uploads.Content content, Path target) throws IOException {
        Path parent = target.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        return content.copyTo(target);
    }

    private static String required(Exchange exchange, String parameter) {
        String value = exchange.query(parameter);
        if (value == null || value.isEmpty()) {
            throw Refusal.empty(400);
        }
        return value;
    }

    private static String ascii(String name) {
        return name.replaceAll("[^\\x20-\\x7e]|[\"\\\\]", "_");
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
