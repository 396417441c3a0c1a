package dev.omni.daytona.local;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** Where a followed stream goes. Sending waits for a slow reader. */
interface StreamSink {
    void send(byte[] bytes, int length) throws IOException, InterruptedException;

    /** The proper end. */
    void close();

    /** The end of somebody who pulled the plug. */
    void drop();

    boolean isClosed();

    /** Binary frames that begin and end anywhere. */
    final class OverWebSocket implements StreamSink {
        private static final int MAX_FRAME = 1024;
        private static final short NORMAL = 1000;
        private static final int CHECK_MILLIS = 100;

        private final Exchange exchange;
        private final Context context;
        private final ServerWebSocket socket;
        private final BooleanSupplier givenUp;

        /** @param givenUp whether waiting for a slow reader has become pointless */
        OverWebSocket(Exchange exchange, ServerWebSocket socket, BooleanSupplier givenUp) {
            this.exchange = exchange;
            this.context = exchange.context();
            this.socket = socket;
            this.givenUp = givenUp;
        }

        @Override
        public void send(byte[] bytes, int length) throws IOException, InterruptedException {
            CompletableFuture<Void> sent = new CompletableFuture<>();
            context.runOnContext(ignored -> write(Buffer.buffer(length).appendBytes(bytes, 0, length), sent));
            while (!sent.isDone() && !isClosed() && !givenUp.getAsBoolean()) {
                try {
                    sent.get(CHECK_MILLIS, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    // A slow reader: look whether it is still worth waiting.
                } catch (ExecutionException e) {
                    throw new IOException(e.getCause());
                }
            }
        }

        private void write(Buffer left, CompletableFuture<Void> sent) {
            int from = 0;
            while (from < left.length()) {
                if (socket.isClosed()) {
                    break;
                }
                if (socket.writeQueueFull()) {
                    Buffer rest = left.slice(from, left.length());
                    socket.drainHandler(ignored -> {
                        // It stays set otherwise, and would write this again at the next drain.
                        socket.drainHandler(null);
                        write(rest, sent);
                    });
                    return;
                }
                int size = Math.min(left.length() - from, frameSize());
                socket.writeBinaryMessage(left.slice(from, from + size));
                from += size;
            }
            sent.complete(null);
        }

        /** Mostly full frames, for the sake of speed; any other size often enough. */
        private static int frameSize() {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            return random.nextInt(4) == 0 ? random.nextInt(1, MAX_FRAME + 1) : MAX_FRAME;
        }

        @Override
        public void close() {
            context.runOnContext(ignored -> {
                if (!socket.isClosed()) {
                    socket.close(NORMAL);
                }
            });
        }

        @Override
        public void drop() {
            exchange.drop();
        }

        @Override
        public boolean isClosed() {
            return socket.isClosed();
        }
    }

    /** A chunked HTTP body. */
    final class OverHttp implements StreamSink {
        private final Exchange exchange;
        private final ResponseStream response;

        OverHttp(Exchange exchange, ResponseStream response) {
            this.exchange = exchange;
            this.response = response;
        }

        @Override
        public void send(byte[] bytes, int length) throws IOException, InterruptedException {
            response.write(bytes, 0, length);
        }

        @Override
        public void close() {
            // The response ends when its writer returns.
        }

        @Override
        public void drop() {
            exchange.drop();
        }

        @Override
        public boolean isClosed() {
            return response.isClosed();
        }
    }
}
