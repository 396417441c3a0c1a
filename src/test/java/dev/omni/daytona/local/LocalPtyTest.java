package dev.omni.daytona.local;

import static dev.omni.daytona.local.Wired.object;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.local.Wired.Box;
import dev.omni.daytona.local.Wired.Socket;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Terminals. */
class LocalPtyTest {
    private static Vertx vertx;
    private static LocalDaytona daytona;
    private static Wired wired;
    private static Box box;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        assumeThat(Confinement.onPath("script")).as("util-linux's script").isNotNull();
        vertx = Vertx.vertx();
        daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions().startDelay(Duration.ofMillis(10)));
        wired = new Wired(daytona);
        box = wired.started();
    }

    @AfterAll
    static void stop() {
        if (daytona != null) {
            daytona.close();
            vertx.close();
        }
    }

    private static HttpResponse<String> create(String id) throws IOException, InterruptedException {
        return wired.post(
                box.toolbox("/process/pty"),
                new JsonObject()
                        .put("id", id)
                        .put("cols", 91)
                        .put("rows", 17)
                        .put("lazyStart", true)
                        .put("envs", new JsonObject().put("PS1", "ready> ")));
    }

    private static Socket connect(String id) {
        Socket socket = wired.open(box.toolbox("/process/pty/" + id + "/connect"));
        await().until(() -> !socket.texts.isEmpty());
        return socket;
    }

    private static void type(Socket socket, String text) {
        socket.webSocket()
                .sendBinary(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), true)
                .join();
    }

    @Test
    void aTerminalIsARealOneThatIsResizedAndEndsWithTheShellsExitCode() throws Exception {
        assertThat(object(create("real")).getString("sessionId")).isEqualTo("real");
        assertThat(create("real").statusCode()).isEqualTo(409);

        Socket socket = connect("real");
        assertThat(socket.texts).containsExactly("{\"type\":\"control\",\"status\":\"connected\"}");
        type(socket, "tty; stty size; echo $TERM\n");
        socket.awaitText("/dev/pts/");
        socket.awaitText("17 91");
        socket.awaitText("xterm-256color");
        HttpResponse<String> resized = wired.post(
                box.toolbox("/process/pty/real/resize"),
                new JsonObject().put("cols", 120).put("rows", 40));
        assertThat(object(resized).getInteger("cols")).isEqualTo(120);
        type(socket, "stty size\n");
        socket.awaitText("40 120");
        type(socket, "exit 2\n");

        assertThat(socket.awaitClose()).isEqualTo(1011);
        assertThat(socket.closeReason).isEqualTo("{\"exitCode\":2,\"exitReason\":\"non-zero exit\"}");
        assertThat(wired.get(box.toolbox("/process/pty/real")).statusCode()).isEqualTo(404);
        assertThat(wired.post(box.toolbox("/process/pty/real/resize"), new JsonObject())
                        .statusCode())
                .isEqualTo(410);
    }

    @Test
    void everyClientSeesTheOutputAndADeletedTerminalIsKilled() throws Exception {
        create("shared");
        Socket first = connect("shared");
        Socket second = connect("shared");
        type(second, "echo $((40+2))\n");

        first.awaitText("42");
        second.awaitText("42");
        assertThat(wired.get(box.toolbox("/process/pty")).body()).contains("\"shared\"");
        assertThat(wired.delete(box.toolbox("/process/pty/shared")).statusCode())
                .isEqualTo(200);
        assertThat(first.awaitClose()).isEqualTo(1011);
        assertThat(first.closeReason).isEqualTo("{\"exitCode\":137,\"exitReason\":\"SIGKILL\"}");
        assertThat(second.awaitClose()).isEqualTo(1011);
    }

    @Test
    void connectingToAnUnknownTerminalIsSaidOverTheSocket() throws Exception {
        Socket socket = connect("nobody");

        assertThat(new JsonObject(socket.texts.getFirst()).getString("status")).isEqualTo("error");
        assertThat(socket.awaitClose()).isEqualTo(1006);
        assertThat(wired.post(
                                box.toolbox("/process/pty"),
                                new JsonObject().put("id", "big").put("cols", 1001))
                        .statusCode())
                .isEqualTo(400);
    }
}
