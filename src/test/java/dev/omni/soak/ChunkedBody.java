package dev.omni.soak;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** A body in chunks. Reading it fails when the connection ends before it does. */
final class ChunkedBody extends InputStream {
    private static final int HEXADECIMAL = 16;

    private final Exchange exchange;
    private int left;
    private boolean begun;
    private boolean ended;

    ChunkedBody(Exchange exchange) {
        if (!"chunked".equals(exchange.header("Transfer-Encoding"))) {
            throw new AssertionError("a body of no known end");
        }
        this.exchange = exchange;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (left == 0 && !ended) {
            nextChunk();
        }
        if (ended) {
            return -1;
        }
        int read = exchange.in().read(bytes, offset, Math.min(length, left));
        if (read < 0) {
            throw new EOFException("cut within a chunk");
        }
        left -= read;
        return read;
    }

    private void nextChunk() throws IOException {
        if (begun) {
            exchange.line();
        }
        begun = true;
        left = Integer.parseInt(exchange.line(), HEXADECIMAL);
        if (left == 0) {
            exchange.line();
            ended = true;
        }
    }
}
