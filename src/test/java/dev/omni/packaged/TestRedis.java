package dev.omni.packaged;

import static org.awaitility.Awaitility.await;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import redis.embedded.core.ExecutableProvider;

/** A Redis server that can be ended, begun anew and frozen. It keeps nothing, and is always at the same port. */
final class TestRedis implements AutoCloseable {
    private static final int ANSWER_MILLIS = 10_000;

    private final File executable;
    private final int port;
    private @Nullable Process process;

    /** It does not run yet. */
    TestRedis() throws IOException {
        executable = ExecutableProvider.newJarResourceProvider().get();
        try (ServerSocket socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
    }

    String url() {
        return "redis://127.0.0.1:" + port;
    }

    void start() throws IOException {
        process = new ProcessBuilder(
                        executable.getPath(),
                        "--port",
                        Integer.toString(port),
                        "--bind",
                        "127.0.0.1",
                        "--save",
                        "",
                        "--appendonly",
                        "no")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        await().ignoreExceptions().until(() -> command("PING").equals("+PONG"));
    }

    /** Ends it without a word, as when its machine is lost. */
    void kill() throws InterruptedException {
        running().destroyForcibly().waitFor();
    }

    /** Its connections stay open, and nothing is answered. */
    void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    /** Whether it writes what it is told to; it answers a ping either way. */
    void writes(boolean writes) {
        String answer = command("CONFIG", "SET", "min-slaves-to-write", writes ? "0" : "1");
        if (!answer.equals("+OK")) {
            throw new IllegalStateException(answer);
        }
    }

    /** How many listen on a channel. */
    int listeners(String channel) {
        return Integer.parseInt(command("PUBSUB", "NUMSUB", channel).replaceAll(".*:", ""));
    }

    void publish(String channel, String message) {
        publish(channel, List.of(message));
    }

    /** Publishes them as fast as it goes. */
    void publish(String channel, List<String> messages) {
        commands(messages.stream()
                .map(message -> List.of("PUBLISH", channel, message))
                .toList());
    }

    /** Listens on a channel from now on. */
    Listener listen(String channel) throws IOException {
        int before = listeners(channel);
        Listener listener = new Listener(new Socket(InetAddress.getLoopbackAddress(), port));
        write(listener.socket.getOutputStream(), "SUBSCRIBE " + channel + "\r\n");
        await().until(() -> listeners(channel) > before);
        return listener;
    }

    /** All that was said on a channel. */
    static final class Listener implements AutoCloseable {
        private final Socket socket;
        private final List<String> lines = new CopyOnWriteArrayList<>();

        private Listener(Socket socket) {
            this.socket = socket;
            Thread.ofVirtual().start(() -> {
                try {
                    InputStream in = socket.getInputStream();
                    while (true) {
                        lines.add(line(in));
                    }
                } catch (IOException e) {
                    lines.add(e.toString());
                }
            });
        }

        /** How many messages had a text in them. */
        long count(String text) {
            return lines.stream().filter(line -> line.contains(text)).count();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Override
    public void close() {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    /** The answer, its lines joined. */
    private String command(String... words) {
        return commands(List.of(List.of(words)));
    }

    /** The answer to the last of them. */
    private String commands(List<List<String>> commands) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(ANSWER_MILLIS);
            OutputStream out = new BufferedOutputStream(socket.getOutputStream());
            for (List<String> words : commands) {
                write(out, "*" + words.size() + "\r\n");
                for (String word : words) {
                    byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
                    write(out, "$" + bytes.length + "\r\n");
                    out.write(bytes);
                    write(out, "\r\n");
                }
            }
            out.flush();
            InputStream in = new BufferedInputStream(socket.getInputStream());
            String answer = "";
            for (int i = 0; i < commands.size(); i++) {
                answer = answer(in);
            }
            return answer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String answer(InputStream in) throws IOException {
        String line = line(in);
        if (!line.startsWith("*")) {
            return line.startsWith("$") ? line(in) : line;
        }
        StringBuilder parts = new StringBuilder();
        for (int i = Integer.parseInt(line.substring(1)); i > 0; i--) {
            parts.append(answer(in));
        }
        return parts.toString();
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("the connection has ended");
            }
            line.append((char) next);
        }
        return line.toString().strip();
    }

    private Process running() {
        if (process == null) {
            throw new IllegalStateException("not started");
        }
        return process;
    }

    private void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(running().pid()))
                .start()
                .waitFor();
    }
}
