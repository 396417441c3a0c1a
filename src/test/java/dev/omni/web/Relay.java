package dev.omni.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands between a browser and the service and does to their WebSockets what networks do. Other requests pass untouched. */
final class Relay implements AutoCloseable {
    private static final int SMALLEST_PIECE = 20_000;
    private static final int LARGEST_PIECE = 120_000;

    private final ServerSocket door;
    private final int target;
    private final Set<Line> webSockets = ConcurrentHashMap.newKeySet();
    private final Random random;
    private int cutsToCome;
    private int accepted;
    private boolean refuses;

    /** One connection, from both ends. */
    private final class Line {
        private final Socket browser;
        private final Socket service;
        private final AtomicInteger ends = new AtomicInteger();
        private volatile boolean frozen;
        private volatile boolean closed;

        Line(Socket browser, Socket service) {
            this.browser = browser;
            this.service = service;
        }

        /** One side has nothing more to say; the other may have. */
        void ended(Socket to) throws IOException {
            if (ends.incrementAndGet() == 2) {
                cut();
            } else {
                to.shutdownOutput();
            }
        }

        void cut() {
            webSockets.remove(this);
            close(browser);
            close(service);
        }
    }

    /** @param seed decides where connections are cut */
    Relay(int target, long seed) {
        this.target = target;
        this.random = new Random(seed);
        try {
            door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    String url() {
        return "http://localhost:" + door.getLocalPort() + "/";
    }

    /** Cuts each of the coming WebSockets after it has carried some bytes, so many times. */
    synchronized void cutTheNext(int times) {
        cutsToCome = times;
    }

    synchronized int cutsToCome() {
        return cutsToCome;
    }

    /** How many WebSockets have been asked for. */
    synchronized int webSockets() {
        return accepted;
    }

    /** Lets no WebSocket through. */
    synchronized void refuse(boolean refuses) {
        this.refuses = refuses;
    }

    void cut() {
        webSockets.forEach(Line::cut);
    }

    /** Closes the WebSockets with a code, as the service would. They must be quiet, since the frame goes between two others. */
    void closeWith(int code) throws IOException {
        for (Line line : webSockets) {
            // The service's own close, in answer to the browser's, would be one too many.
            line.closed = true;
            line.browser.getOutputStream().write(new byte[] {(byte) 0x88, 2, (byte) (code >> 8), (byte) code});
        }
    }

    /** Lets the open WebSockets hang: nothing arrives any more, and nobody is told. */
    void freeze() {
        webSockets.forEach(line -> line.frozen = true);
    }

    @Override
    public void close() throws IOException {
        door.close();
        cut();
    }

    private void accept() {
        try {
            while (true) {
                Socket browser = door.accept();
                Thread.ofVirtual().start(() -> connect(browser));
            }
        } catch (IOException closed) {
            // The end of the test.
        }
    }

    private void connect(Socket browser) {
        try {
            byte[] first = new byte[16 * 1024];
            int length = Math.max(0, browser.getInputStream().read(first));
            Socket service = new Socket(InetAddress.getLoopbackAddress(), target);
            var line = new Line(browser, service);
            String head = new String(first, 0, length, StandardCharsets.ISO_8859_1);
            boolean isWebSocket = head.startsWith("GET /ws");
            if (isWebSocket && !isAccepted()) {
                line.cut();
                return;
            }
            if (isWebSocket) {
                webSockets.add(line);
            }
            service.getOutputStream().write(uncompressed(head).getBytes(StandardCharsets.ISO_8859_1));
            Thread.ofVirtual().start(() -> pump(line, browser, service, Long.MAX_VALUE));
            pump(line, service, browser, isWebSocket ? nextPiece() : Long.MAX_VALUE);
        } catch (IOException e) {
            close(browser);
        }
    }

    /** Sees to it that what is carried is as long as it looks. */
    private static String uncompressed(String head) {
        return head.replaceFirst("(?im)^Sec-WebSocket-Extensions:.*\r\n", "");
    }

    private synchronized boolean isAccepted() {
        accepted++;
        return !refuses;
    }

    private synchronized long nextPiece() {
        return cutsToCome > 0 ? random.nextInt(SMALLEST_PIECE, LARGEST_PIECE) : Long.MAX_VALUE;
    }

    private void pump(Line line, Socket from, Socket to, long allowance) {
        byte[] buffer = new byte[8 * 1024];
        long left = allowance;
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                if (!line.frozen && !(line.closed && to.equals(line.browser))) {
                    out.write(buffer, 0, (int) Math.min(read, left));
                    left -= read;
                }
                if (left <= 0) {
                    countCut();
                    line.cut();
                    return;
                }
            }
            line.ended(to);
        } catch (IOException e) {
            line.cut();
        }
    }

    private synchronized void countCut() {
        cutsToCome--;
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
