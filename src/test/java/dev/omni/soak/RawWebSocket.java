package dev.omni.soak;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A WebSocket that takes a byte off the wire only when it is asked for a message, and ends without a word. */
final class RawWebSocket implements AutoCloseable {
    private static final int SWITCHING_PROTOCOLS = 101;
    private static final int FIN = 0x80;
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int DRAINING = 1001;
    private static final int OVER_A_LIMIT = 4429;
    /** Any will do: it keeps proxies from reading what we write, and there are none. */
    private static final byte[] MASK = {1, 2, 3, 4};

    private final Exchange exchange;

    private RawWebSocket(Exchange exchange) {
        this.exchange = exchange;
    }

    static RawWebSocket connect(URI service, String token) throws IOException {
        return new RawWebSocket(Exchange.get(
                service,
                "/ws",
                SWITCHING_PROTOCOLS,
                Map.of(
                        "Connection", "Upgrade",
                        "Upgrade", "websocket",
                        "Sec-WebSocket-Version", "13",
                        "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==",
                        "Authorization", "Bearer " + token)));
    }

    void send(String text) throws IOException {
        write(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    private void write(int opcode, byte[] payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(payload.length + 8).put((byte) (FIN | opcode));
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else {
            frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
        }
        frame.put(MASK);
        for (int i = 0; i < payload.length; i++) {
            frame.put((byte) (payload[i] ^ MASK[i % MASK.length]));
        }
        exchange.out().write(frame.array(), 0, frame.position());
    }

    /** The next text message. */
    String next() throws IOException {
        DataInputStream in = exchange.in();
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        while (true) {
            int first;
            byte[] payload;
            try {
                first = in.readUnsignedByte();
                int length = in.readUnsignedByte();
                payload = new byte
                        [length == 127
                                ? Math.toIntExact(in.readLong())
                                : length == 126 ? in.readUnsignedShort() : length];
                in.readFully(payload);
            } catch (SocketTimeoutException e) {
                throw new AssertionError("a silent connection, not even a heartbeat", e);
            }
            switch (first & 0x0F) {
                case TEXT, CONTINUATION -> {
                    message.writeBytes(payload);
                    if ((first & FIN) != 0) {
                        return message.toString(StandardCharsets.UTF_8);
                    }
                }
                case PING -> write(PONG, payload);
                case PONG -> {}
                case CLOSE -> throw closed(ByteBuffer.wrap(payload).getShort());
                default -> throw new AssertionError("an unknown frame: " + first);
            }
        }
    }

    private static IOException closed(int code) {
        if (code == DRAINING || code == OVER_A_LIMIT) {
            return new EOFException("closed with " + code);
        }
        throw new AssertionError("closed with " + code);
    }

    /** Resets the connection. */
    @Override
    public void close() throws IOException {
        exchange.close();
    }
}
