package dev.omni.identity;

import io.netty.util.NetUtil;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.net.InetAddress;
import java.util.Arrays;

/**
 * A range of addresses.
 *
 * @param bits how many of the first bits of an address are the network's
 */
@RegisterForReflection // Configuration finds the factory method by its name.
public record Network(InetAddress base, int bits) {
    /** Reads {@code 10.0.0.0/8}, {@code 2001:db8::/32} or a single address. */
    public static Network of(String text) {
        String[] parts = text.strip().split("/", 2);
        InetAddress base = NetUtil.createInetAddressFromIpAddressString(parts[0]);
        if (base == null) {
            throw new IllegalArgumentException(text + " is no network: write 10.0.0.0/8 or 2001:db8::/32");
        }
        int length = base.getAddress().length * Byte.SIZE;
        int bits = parts.length == 1 ? length : Integer.parseInt(parts[1]);
        if (bits < 0 || bits > length) {
            throw new IllegalArgumentException(text + " is no network: an address of it has " + length + " bits");
        }
        return new Network(base, bits);
    }

    boolean holds(InetAddress address) {
        byte[] own = base.getAddress();
        byte[] other = address.getAddress();
        int bytes = bits / Byte.SIZE;
        int rest = bits % Byte.SIZE;
        return own.length == other.length
                && Arrays.equals(own, 0, bytes, other, 0, bytes)
                && (rest == 0 || ((own[bytes] ^ other[bytes]) & 0xFF) >> (Byte.SIZE - rest) == 0);
    }
}
