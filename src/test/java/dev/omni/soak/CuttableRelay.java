package dev.omni.soak;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The network between one client and the service, which cuts a connection behind any byte. */
final class CuttableRelay implements AutoCloseable {
    /** What the two ends see of a cut. */
    enum Manner {
        /** Both are told that nothing more comes. */
        CLOSED,
        /** Both are told that the connection is broken; what was on its way is lost. */
        RESET,
        /** The client is told; the service sees nobody leave and nobody read. */
        ABANDONED
    }

    private record Cut(long afterBytes, Manner manner) {
        static final Cut NONE = new Cut(Long.MAX_VALUE, Manner.CLOSED);
    }

    private static final int CHUNK = 16 * 1024;

    private final URI target;
    private final ServerSocket door = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile Cut next = Cut.NONE;

    CuttableRelay(URI target) throws IOException {
        this.target = target;
        Thread.ofVirtual().start(this::accept);
    }

    /** Where clients connect instead. */
    URI uri() {
        return URI.create("http://localhost:" + door.getLocalPort());
    }

    /** Lets so many bytes through to the client on the next connection, then cuts it. */
    void cutNext(long afterBytes, Manner manner) {
        next = new Cut(afterBytes, manner);
    }

    /** Lets the next connection live. */
    void spareNext() {
        next = Cut.NONE;
    }

    private void accept() {
        try {
            while (true) {
                Socket client = door.accept();
                Cut cut = next;
                sockets.add(client);
                Thread.ofVirtual().start(() -> relay(client, cut));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void relay(Socket client, Cut cut) {
        try {
            Socket service = new Socket(target.getHost(), target.getPort());
            sockets.add(service);
            Thread.ofVirtual().start(() -> {
                copy(client, service, Long.MAX_VALUE);
                if (cut.manner() != Manner.ABANDONED) {
                    end(service, Manner.CLOSED);
                }
            });
            boolean isCut = copy(service, client, cut.afterBytes());
            end(client, isCut ? cut.manner() : Manner.CLOSED);
            if (!isCut || cut.manner() != Manner.ABANDONED) {
                end(service, isCut ? cut.manner() : Manner.CLOSED);
            }
        } catch (IOException e) {
            end(client, Manner.RESET);
        }
    }

    /** @return whether all that may pass has passed; false when an end is reached */
    private static boolean copy(Socket from, Socket to, long bytes) {
        byte[] chunk = new byte[CHUNK];
        long left = bytes;
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            while (left > 0) {
                int read = in.read(chunk, 0, (int) Math.min(chunk.length, left));
                if (read < 0) {
                    return false;
                }
                out.write(chunk, 0, read);
                left -= read;
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void end(Socket socket, Manner manner) {
        try {
            if (manner != Manner.CLOSED) {
                socket.setSoLinger(true, 0);
            }
            socket.close();
        } catch (IOException e) {
            // It has ended by itself meanwhile.
        }
        sockets.remove(socket);
    }

    @Override
    public void close() throws IOException {
        door.close();
        sockets.forEach(socket -> end(socket, Manner.RESET));
    }
}
