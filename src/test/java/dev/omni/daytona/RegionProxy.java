package dev.omni.daytona;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A region's own proxy to the toolboxes, which can go away and come back. */
public final class RegionProxy implements AutoCloseable {
    private final URI target;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile ServerSocket door;

    public RegionProxy(URI target) {
        this.target = target;
        this.door = listen(0);
        this.port = door.getLocalPort();
    }

    public URI origin() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Cuts every connection and accepts no more. */
    public void goAway() {
        close(door);
        sockets.forEach(RegionProxy::close);
        sockets.clear();
    }

    public void comeBack() {
        door = listen(port);
    }

    @Override
    public void close() {
        goAway();
    }

    private ServerSocket listen(int port) {
        try {
            ServerSocket opened = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
            Thread.ofVirtual().start(() -> accept(opened));
            return opened;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept(ServerSocket door) {
        try {
            while (true) {
                Socket client = door.accept();
                Socket daytona = new Socket(target.getHost(), target.getPort());
                sockets.add(client);
                sockets.add(daytona);
                Thread.ofVirtual().start(() -> copy(client, daytona));
                Thread.ofVirtual().start(() -> copy(daytona, client));
            }
        } catch (IOException gone) {
            // It went away.
        }
    }

    private void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException cut) {
            // The other end learns of it now.
        }
        close(from);
        close(to);
        sockets.remove(from);
        sockets.remove(to);
    }

    private static void close(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
