package dev.omni.stream;

import io.netty.util.NetUtil;
import io.vertx.core.net.SocketAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a connection or an event stream.
 *
 * @param network the IPv4 address, or the IPv6 network of 64 bits, since a subscriber has all the addresses of one
 */
record Peer(String userId, String network) {
    private static final int NETWORK_BYTES = 8;

    static Peer of(String userId, @Nullable SocketAddress address) {
        return new Peer(userId, address == null ? "" : network(address.host()));
    }

    private static String network(@Nullable String host) {
        if (host == null) {
            return "";
        }
        // Reads literals only: a proxy's header may hold anything, and a name is not worth a lookup.
        InetAddress address = NetUtil.createInetAddressFromIpAddressString(host);
        if (address instanceof Inet6Address) {
            byte[] bytes = address.getAddress();
            Arrays.fill(bytes, NETWORK_BYTES, bytes.length, (byte) 0);
            return NetUtil.bytesToIpAddress(bytes);
        }
        return address == null ? host : address.getHostAddress();
    }
}
