package dev.omni.soak;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One GET on a connection of its own. Unlike the JDK's clients it takes a byte off the wire only when it is asked for one,
 * and never the end of a connection for the end of an answer.
 */
final class Exchange implements AutoCloseable {
    /** There is a heartbeat more often than that on everything that may be quiet. */
    private static final int SILENCE_MILLIS = 60_000;

    private static final int TOO_MANY = 429;

    private final Socket socket;
    private final DataInputStream in;
    private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    private Exchange(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    /**
     * Asks.
     *
     * @throws RefusedException when there was no connection, or the answer is to come back later
     */
    static Exchange get(URI service, String path, int status, Map<String, String> headers) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setSoTimeout(SILENCE_MILLIS);
            socket.setSoLinger(true, 0);
            socket.connect(new InetSocketAddress(service.getHost(), service.getPort()));
            Exchange exchange = new Exchange(socket);
            exchange.ask(service, path, headers);
            exchange.readHead(path, status);
            return exchange;
        } catch (ConnectException e) {
            socket.close();
            throw new RefusedException(service + ": " + e);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private void ask(URI service, String path, Map<String, String> with) throws IOException {
        StringBuilder head = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: " + service.getAuthority() + "\r\n");
        with.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        out().write(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
    }

    private void readHead(String path, int wanted) throws IOException {
        String first = line();
        int status = Integer.parseInt(first.split(" ", 3)[1]);
        if (status == TOO_MANY || status >= 500) {
            throw new RefusedException(path + " was answered with " + first);
        }
        if (status != wanted) {
            throw new AssertionError(path + " was answered with " + first);
        }
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
        }
    }

    @Nullable
    String header(String name) {
        return headers.get(name);
    }

    OutputStream out() throws IOException {
        return socket.getOutputStream();
    }

    /** What comes behind the head, with whatever frames it has. */
    DataInputStream in() {
        return in;
    }

    /** The whole body. */
    byte[] body() throws IOException {
        String length = header("Content-Length");
        if (length == null) {
            return new ChunkedBody(this).readAllBytes();
        }
        byte[] bytes = new byte[Integer.parseInt(length)];
        in.readFully(bytes);
        return bytes;
    }

    /** A whole line, without its end. */
    String line() throws IOException {
        StringBuilder line = new StringBuilder();
        try {
            for (int b = in.readUnsignedByte(); b != '\n'; b = in.readUnsignedByte()) {
                line.append((char) b);
            }
        } catch (SocketTimeoutException e) {
            throw new AssertionError("a silent connection, not even a heartbeat", e);
        }
        if (line.isEmpty() || line.charAt(line.length() - 1) != '\r') {
            throw new EOFException("a line that is none: " + line);
        }
        return line.substring(0, line.length() - 1);
    }

    /** Resets the connection. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
