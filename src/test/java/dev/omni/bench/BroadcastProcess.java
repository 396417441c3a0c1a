package dev.omni.bench;

import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The least that a server can do which sends the same frames to everybody: the ceiling that the application is held
 * against. Every frame is in memory, encoded, and shared by all; the only care taken is not to overrun a slow reader. As
 * many event loops as the application has.
 */
final class BroadcastProcess {
    private BroadcastProcess() {}

    public static void main(String[] args) throws Exception {
        try {
            serve();
        } finally {
            // Event loops would outlive a failure, and whoever started us would wait for ever.
            System.exit(0);
        }
    }

    private static void serve() throws Exception {
        Vertx vertx = Vertx.vertx();
        Set<Client> clients = ConcurrentHashMap.newKeySet();
        int port = freePort();
        var loops = new Loops(vertx, 2 * Runtime.getRuntime().availableProcessors());
        for (int i = 0; i < loops.count(); i++) {
            Http.await(loops.on(
                    i,
                    () -> vertx.createHttpServer(
                                    new HttpServerOptions().setHost("127.0.0.1").setPort(port))
                            .webSocketHandler(socket -> clients.add(new Client(socket, vertx.getOrCreateContext())))
                            .listen()));
        }
        System.out.println("broadcast ws://127.0.0.1:" + port);
        var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String frames;
        while ((frames = commands.readLine()) != null) {
            List<Buffer> loaded = load(Path.of(frames));
            System.out.println("loaded " + loaded.size());
            commands.readLine();
            clients.forEach(client ->
                    client.context().runOnContext(go -> new Sending(client.socket(), loaded).start()));
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** A reader and the event loop it lives on. */
    private record Client(ServerWebSocket socket, Context context) {}

    private static List<Buffer> load(Path file) throws IOException {
        Buffer all = Buffer.buffer(Files.readAllBytes(file));
        List<Buffer> frames = new ArrayList<>();
        for (int at = 0; at < all.length(); ) {
            int length = all.getInt(at);
            frames.add(Buffer.buffer(all.getBytes(at + 4, at + 4 + length)));
            at += 4 + length;
        }
        return frames;
    }

    static void save(List<Buffer> frames, Path file) throws IOException {
        Buffer all = Buffer.buffer();
        frames.forEach(frame -> all.appendInt(frame.length()).appendBuffer(frame));
        Files.write(file, all.getBytes());
    }

    /** The frames on their way to one reader. */
    private static final class Sending {
        private final ServerWebSocket socket;
        private final List<Buffer> frames;
        private int next;

        Sending(ServerWebSocket socket, List<Buffer> frames) {
            this.socket = socket;
            this.frames = frames;
        }

        void start() {
            socket.drainHandler(drained -> send());
            send();
        }

        private void send() {
            while (next < frames.size() && !socket.writeQueueFull()) {
                socket.writeBinaryMessage(frames.get(next++));
            }
        }
    }
}
