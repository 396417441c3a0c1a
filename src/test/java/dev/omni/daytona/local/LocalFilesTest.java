package dev.omni.daytona.local;

import static dev.omni.daytona.local.Wired.array;
import static dev.omni.daytona.local.Wired.object;
import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.daytona.local.Wired.Box;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Files, which commands and the file calls see alike. */
class LocalFilesTest {
    private static Vertx vertx;
    private static LocalDaytona daytona;
    private static Wired wired;
    private static Box box;
    private static String home;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        vertx = Vertx.vertx();
        daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions().startDelay(Duration.ofMillis(10)));
        wired = new Wired(daytona);
        box = wired.started();
        home = object(wired.get(box.toolbox("/user-home-dir"))).getString("dir");
    }

    @AfterAll
    static void stop() {
        daytona.close();
        vertx.close();
    }

    private static String files(String call, String... parameters) {
        StringBuilder path = new StringBuilder(box.toolbox("/files" + call));
        for (int i = 0; i < parameters.length; i += 2) {
            path.append(i == 0 ? '?' : '&')
                    .append(parameters[i])
                    .append('=')
                    .append(URLEncoder.encode(parameters[i + 1], StandardCharsets.UTF_8));
        }
        return path.toString();
    }

    /** A form whose parts are name and content in turn; a name ending in {@code file} is a file. */
    private static HttpResponse<String> form(String path, Object... parts) throws IOException, InterruptedException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int i = 0; i < parts.length; i += 2) {
            String name = (String) parts[i];
            String filename = name.endsWith("file") ? "; filename=\"x\"\r\nContent-Type: application/octet-stream" : "";
            body.writeBytes(("--edge\r\nContent-Disposition: form-data; name=\"" + name + "\"" + filename + "\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8));
            body.writeBytes(
                    parts[i + 1] instanceof byte[] bytes
                            ? bytes
                            : ((String) parts[i + 1]).getBytes(StandardCharsets.UTF_8));
            body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
        }
        body.writeBytes("--edge--\r\n".getBytes(StandardCharsets.UTF_8));
        return wired.send(wired.request(path)
                .header("Content-Type", "multipart/form-data; boundary=edge")
                .POST(BodyPublishers.ofByteArray(body.toByteArray())));
    }

    @Test
    void anUploadedFileIsThereForCommandsAndComesBackUnchanged() throws Exception {
        byte[] content = new byte[3_000_000];
        new Random(7).nextBytes(content);

        HttpResponse<String> uploaded = form(files("/upload", "path", "deep/down/data.bin"), "file", content);

        assertThat(uploaded.statusCode()).isEqualTo(200);
        assertThat(uploaded.body()).isEmpty();
        assertThat(box.execute("wc -c < ~/deep/down/data.bin")
                        .getString("result")
                        .strip())
                .isEqualTo("3000000");
        HttpResponse<byte[]> back =
                wired.sendForBytes(wired.request(files("/download", "path", home + "/deep/down/data.bin")));
        assertThat(back.body()).isEqualTo(content);
        assertThat(back.headers().firstValue("Content-Disposition").orElseThrow())
                .contains("filename=\"data.bin\"");
    }

    @Test
    void aPartOfAFileCanBeRead() throws Exception {
        form(files("/upload", "path", "digits"), "file", "0123456789");
        String path = files("/download", "path", "digits");

        HttpResponse<String> middle = wired.send(wired.request(path).header("Range", "bytes=2-4"));
        assertThat(middle.statusCode()).isEqualTo(206);
        assertThat(middle.body()).isEqualTo("234");
        assertThat(middle.headers().firstValue("Content-Range")).hasValue("bytes 2-4/10");
        assertThat(wired.send(wired.request(path).header("Range", "bytes=-3")).body())
                .isEqualTo("789");
        assertThat(wired.send(wired.request(path).header("Range", "bytes=10-")).statusCode())
                .isEqualTo(416);
    }

    @Test
    void manyFilesAreUploadedAtOnceEachBehindItsPath() throws Exception {
        HttpResponse<String> good = form(
                files("/bulk-upload"),
                "files[0].path",
                "/tmp/bulk/a",
                "files[0].file",
                "A",
                "files[1].path",
                home + "/b",
                "files[1].file",
                "");
        assertThat(good.statusCode()).isEqualTo(200);
        assertThat(object(good).getJsonArray("files").getJsonObject(0))
                .isEqualTo(new JsonObject().put("path", "/tmp/bulk/a").put("bytes", 1));
        assertThat(box.execute("cat /tmp/bulk/a; test -e ~/b && echo there").getString("result"))
                .isEqualTo("Athere\n");

        HttpResponse<String> wrongOrder = form(
                files("/bulk-upload"),
                "files[0].file",
                "A",
                "files[0].path",
                "/tmp/never",
                "files[1].path",
                "/tmp/still",
                "files[1].file",
                "B");
        assertThat(wrongOrder.statusCode()).isEqualTo(400);
        assertThat(object(wrongOrder).getJsonArray("errors")).hasSize(1);
        assertThat(box.execute("cat /tmp/still; test -e /tmp/never").getInteger("exitCode"))
                .isEqualTo(1);
        assertThat(wired.post(files("/bulk-upload"), new JsonObject()).statusCode())
                .isEqualTo(400);
    }

    @Test
    void manyFilesAreDownloadedAtOnceAndTheMissingAreErrorParts() throws Exception {
        form(files("/upload", "path", "/tmp/here.txt"), "file", "content");

        HttpResponse<String> response = wired.post(
                files("/bulk-download"),
                new JsonObject()
                        .put("paths", new JsonArray().add("/tmp/here.txt").add("/tmp/gone.txt")));

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type"))
                .hasValue("multipart/form-data; boundary=DAYTONA-FILE-BOUNDARY");
        assertThat(response.body())
                .contains("name=\"file\"; filename=\"/tmp/here.txt\"")
                .contains("\r\n\r\ncontent\r\n")
                .contains("name=\"error\"; filename=\"/tmp/gone.txt\"")
                .contains("FILE_NOT_FOUND")
                .endsWith("--DAYTONA-FILE-BOUNDARY--\r\n");
        assertThat(wired.post(files("/bulk-download"), new JsonObject()).statusCode())
                .isEqualTo(400);
    }

    @Test
    void directoriesAreListedWithWhatIsKnownOfTheirFiles() throws Exception {
        box.execute("mkdir -p ~/list/sub; cd ~/list; printf hi > b; chmod 640 b; ln -s b a; ln -s nowhere broken");

        JsonArray entries = array(wired.get(files("", "path", "list")));

        assertThat(entries.stream().map(entry -> ((JsonObject) entry).getString("name")))
                .containsExactly("a", "b", "sub");
        JsonObject file = entries.getJsonObject(1);
        assertThat(file.getString("permissions")).isEqualTo("0640");
        assertThat(file.getString("mode")).isEqualTo("-rw-r-----");
        assertThat(file.getLong("size")).isEqualTo(2);
        assertThat(file.getBoolean("isDir")).isFalse();
        assertThat(entries.getJsonObject(2).getBoolean("isDir")).isTrue();
        assertThat(object(wired.get(files("/info", "path", home + "/list/b"))).getString("name"))
                .isEqualTo("b");
    }

    @Test
    void foldersAreMadeMovedAndDeleted() throws Exception {
        assertThat(wired.post(files("/folder", "path", "made/here", "mode", "0700"))
                        .statusCode())
                .isEqualTo(201);
        assertThat(wired.post(files("/folder", "path", "made/here", "mode", "0755"))
                        .statusCode())
                .isEqualTo(201);
        assertThat(box.execute("stat -c %a ~/made/here").getString("result")).isEqualTo("700\n");
        assertThat(wired.post(files("/move", "source", "made/here", "destination", "made/there"))
                        .statusCode())
                .isEqualTo(200);
        assertThat(wired.post(files("/move", "source", "made/here", "destination", "made/else"))
                        .statusCode())
                .isEqualTo(404);
        wired.post(files("/folder", "path", "made/taken", "mode", "0755"));
        assertThat(wired.post(files("/move", "source", "made/there", "destination", "made/taken"))
                        .statusCode())
                .isEqualTo(409);

        assertThat(wired.delete(files("", "path", "made")).statusCode()).isEqualTo(400);
        assertThat(wired.delete(files("", "path", "made", "recursive", "true")).statusCode())
                .isEqualTo(204);
        assertThat(wired.delete(files("", "path", "made", "recursive", "true")).statusCode())
                .isEqualTo(404);
    }

    @Test
    void errorsAreAStatusWithoutABody() throws Exception {
        HttpResponse<String> missing = wired.get(files("/download", "path", "/tmp/missing"));

        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(missing.body()).isEmpty();
        assertThat(wired.get(files("/download", "path", "/tmp")).statusCode()).isEqualTo(400);
        assertThat(wired.get(files("/info")).statusCode()).isEqualTo(400);
        assertThat(wired.get(files("", "path", "/tmp/missing")).statusCode()).isEqualTo(404);
    }

    @Test
    void noPathAndNoLinkLeadsOutOfTheSandbox() throws Exception {
        box.execute("ln -sfn /etc ~/etc; ln -sfn ../../../../etc/passwd ~/passwd; ln -sfn /tmp/in-tmp ~/tmp-link");

        assertThat(wired.get(files("/download", "path", "/etc/passwd")).statusCode())
                .isEqualTo(403);
        assertThat(wired.get(files("/download", "path", home + "/../../etc/passwd"))
                        .statusCode())
                .isEqualTo(403);
        assertThat(wired.get(files("/download", "path", "etc/passwd")).statusCode())
                .isEqualTo(403);
        assertThat(wired.get(files("/download", "path", "passwd")).statusCode()).isEqualTo(403);
        assertThat(form(files("/upload", "path", "etc/omni-test"), "file", "x").statusCode())
                .isEqualTo(403);

        assertThat(form(files("/upload", "path", "tmp-link"), "file", "through").statusCode())
                .isEqualTo(200);
        assertThat(box.execute("cat /tmp/in-tmp").getString("result")).isEqualTo("through");
    }
}
