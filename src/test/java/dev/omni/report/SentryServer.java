package dev.omni.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** What Sentry is to its clients: a server that takes envelopes. */
public final class SentryServer implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<String> envelopes = new CopyOnWriteArrayList<>();
    private volatile @Nullable CountDownLatch stuck;

    /** @param port 0 for a free one */
    public SentryServer(int port) throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(threads);
        server.createContext("/api/42/envelope/", this::take);
        server.start();
    }

    public String dsn() {
        return dsn(server.getAddress().getPort());
    }

    static String dsn(int port) {
        return "http://0123456789abcdef@127.0.0.1:" + port + "/42";
    }

    /** Everything that has come in, as it came. */
    public List<String> envelopes() {
        return envelopes;
    }

    /** The events among it. */
    public List<JsonNode> events() {
        return envelopes.stream()
                .flatMap(String::lines)
                .map(SentryServer::read)
                .filter(line -> line.has("event_id") && line.has("timestamp"))
                .toList();
    }

    /** Answers nothing any more. */
    public void hang() {
        stuck = new CountDownLatch(1);
    }

    public void goOn() {
        CountDownLatch waiting = stuck;
        stuck = null;
        if (waiting != null) {
            waiting.countDown();
        }
    }

    @Override
    public void close() {
        goOn();
        server.stop(0);
        threads.shutdownNow();
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange;
                InputStream body = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))
                        ? new GZIPInputStream(exchange.getRequestBody())
                        : exchange.getRequestBody()) {
            envelopes.add(new String(body.readAllBytes(), StandardCharsets.UTF_8));
            CountDownLatch waiting = stuck;
            if (waiting != null) {
                waiting.await();
            }
            byte[] answer = "{}".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static JsonNode read(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new AssertionError("not JSON: " + line, e);
        }
    }
}
