package dev.omni;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import org.eclipse.microprofile.config.ConfigProvider;

/** Sends bytes that no proper client would, and reads what comes back until the server closes the connection. */
public final class RawHttp {
    private static final int TIMEOUT_MILLIS = 10_000;

    private RawHttp() {}

    /** The port that the service under test listens on. */
    public static int port() {
        return ConfigProvider.getConfig().getValue("quarkus.http.test-port", Integer.class);
    }

    /** The whole answer to a request that should ask for {@code Connection: close}. */
    public static String exchange(String request) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port())) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().flush();
            return read(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All that comes until the connection ends, in whichever way it does; fails when it does not. */
    private static String read(InputStream answer) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try {
            answer.transferTo(bytes);
        } catch (SocketException reset) {
            // An end like another.
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
