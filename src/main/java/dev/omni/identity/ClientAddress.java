package dev.omni.identity;

import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;

/**
 * Where a call comes from.
 *
 * @param host the address itself, for people to read; empty where there is none, as with a domain socket
 * @param network whom it stands for when callers are counted: the IPv4 address, or the IPv6 network of 64 bits, since a
 *     subscriber has all the addresses of one
 */
public record ClientAddress(String host, String network) {
    static final ClientAddress NONE = new ClientAddress("", "");

    private static final int NETWORK_BYTES = 8;

    static ClientAddress of(InetAddress address) {
        byte[] bytes = address.getAddress();
        String host = NetUtil.bytesToIpAddress(bytes);
        if (!(address instanceof Inet6Address)) {
            return new ClientAddress(host, host);
        }
        Arrays.fill(bytes, NETWORK_BYTES, bytes.length, (byte) 0);
        return new ClientAddress(host, NetUtil.bytesToIpAddress(bytes));
    }
}
