package dev.omni.stream;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A client that writes and reads the bytes of its TCP connection itself, at the pace it likes and whatever they are. What it
 * has not read stays with the sender: its own kernel keeps next to nothing for it.
 */
final class RawClient implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 20_000;
    private static final int RECEIVE_BUFFER = 4096;

    static final int TEXT = 1;
    static final int PING = 9;
    static final int PONG = 10;
    private static final int CONTINUATION = 0;
    private static final int CLOSE = 8;
    private static final int FINAL = 0x80;
    private static final int MASKED = 0x80;

    private final Socket socket = new Socket();
    private final InputStream in;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private boolean ended;

    RawClient(URI base) {
        try {
            socket.setReceiveBufferSize(RECEIVE_BUFFER);
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), base.getPort()));
            in = socket.getInputStream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A request without a body; returns the head of the answer. */
    String get(String path, Map<String, String> headers) {
        Map<String, String> all = new LinkedHashMap<>(Map.of("Host", "localhost"));
        all.putAll(headers);
        StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\n");
        all.forEach((name, value) -> request.append(name + ": " + value + "\r\n"));
        send(request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append(new String(take(1), StandardCharsets.ISO_8859_1));
        }
        return head.toString();
    }

    /** Whether the server closes without an answer to a request. */
    boolean isRefused() {
        send("GET /api/v1/sandboxes HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        try {
            return in.read() < 0;
        } catch (SocketException reset) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A handshake on {@code /ws}; returns the head of the answer. */
    String handshake(Map<String, String> more) {
        Map<String, String> headers = new LinkedHashMap<>(Map.of(
                "Connection",
                "Upgrade",
                "Upgrade",
                "websocket",
                "Sec-WebSocket-Version",
                "13",
                "Sec-WebSocket-Key",
                Base64.getEncoder().encodeToString(new byte[16])));
        headers.putAll(more);
        return get("/ws", headers);
    }

    /** Sends bytes; to a server that has closed meanwhile, none. */
    void send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (SocketException closed) {
            // What comes is to be read all the same.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void sendText(String text) {
        send(frame(FINAL | TEXT, text.getBytes(StandardCharsets.UTF_8)));
    }

    /** A whole frame with the given first byte. */
    static byte[] frame(int first, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 14).put((byte) first);
        if (payload.length < 126) {
            frame.put((byte) (MASKED | payload.length));
        } else {
            frame.put((byte) (MASKED | 126)).putShort((short) payload.length);
        }
        // A mask of zeros leaves the payload as it is.
        frame.putInt(0).put(payload);
        byte[] bytes = new byte[frame.position()];
        frame.flip().get(bytes);
        return bytes;
    }

    static byte[] control(int opcode) {
        return frame(FINAL | opcode, new byte[0]);
    }

    /** Reads some bytes off the wire, if there are any just now; false once the server has closed. */
    boolean read(int atMost) {
        if (ended) {
            return false;
        }
        try {
            byte[] bytes = new byte[atMost];
            int count = in.available() == 0 ? probe(bytes) : in.read(bytes);
            ended = count < 0;
            received.write(bytes, 0, Math.max(0, count));
        } catch (SocketException reset) {
            ended = true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return !ended;
    }

    private int probe(byte[] bytes) throws IOException {
        socket.setSoTimeout(1);
        try {
            return in.read(bytes);
        } catch (SocketTimeoutException nothingYet) {
            return 0;
        } finally {
            socket.setSoTimeout(PATIENCE_MILLIS);
        }
    }

    /** Reads until the server closes. */
    void readToTheEnd() {
        try {
            in.transferTo(received);
        } catch (SocketException reset) {
            // An end like another.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ended = true;
    }

    boolean isEnded() {
        return ended;
    }

    /** What was read and not taken as frames. */
    String text() {
        return received.toString(StandardCharsets.UTF_8);
    }

    /** The next message or control frame that has been read whole. */
    Optional<Frame> poll() {
        ByteBuffer bytes = ByteBuffer.wrap(received.toByteArray());
        var payload = new ByteArrayOutputStream();
        Frame part = parse(bytes);
        while (part != null && !part.last()) {
            payload.writeBytes(part.payload().array());
            part = parse(bytes);
        }
        if (part == null) {
            return Optional.empty();
        }
        payload.writeBytes(part.payload().array());
        received.reset();
        received.write(bytes.array(), bytes.position(), bytes.remaining());
        return Optional.of(new Frame(part.opcode(), true, ByteBuffer.wrap(payload.toByteArray())));
    }

    /** The code of the close frame, at the end of what comes. */
    int closeCode() {
        readToTheEnd();
        for (var frame = poll(); frame.isPresent(); frame = poll()) {
            if (frame.get().isClose()) {
                return frame.get().closeCode();
            }
        }
        return 1006;
    }

    record Frame(int opcode, boolean last, ByteBuffer payload) {
        boolean isText() {
            return opcode == TEXT || opcode == CONTINUATION;
        }

        boolean isClose() {
            return opcode == CLOSE;
        }

        int closeCode() {
            return payload.getShort(0);
        }

        String text() {
            return StandardCharsets.UTF_8.decode(payload.duplicate()).toString();
        }
    }

    private static @Nullable Frame parse(ByteBuffer bytes) {
        if (bytes.remaining() < 2) {
            return null;
        }
        int first = bytes.get();
        long length = bytes.get() & 0x7f;
        int extended = length == 126 ? 2 : length == 127 ? 8 : 0;
        if (bytes.remaining() < extended) {
            return null;
        }
        if (extended > 0) {
            length = extended == 2 ? bytes.getShort() & 0xffff : bytes.getLong();
        }
        if (bytes.remaining() < length) {
            return null;
        }
        byte[] payload = new byte[(int) length];
        bytes.get(payload);
        return new Frame(first & 0x0f, (first & FINAL) != 0, ByteBuffer.wrap(payload));
    }

    private byte[] take(int count) {
        try {
            byte[] bytes = in.readNBytes(count);
            if (bytes.length < count) {
                throw new AssertionError("the connection ended");
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
