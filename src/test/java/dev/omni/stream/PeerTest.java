package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.net.SocketAddress;
import org.junit.jupiter.api.Test;

class PeerTest {
    @Test
    void anIpv4AddressIsOneHolder() {
        assertThat(of("192.0.2.1")).isEqualTo(of("192.0.2.1")).isNotEqualTo(of("192.0.2.2"));
    }

    @Test
    void allIpv6AddressesOfANetworkOf64BitsAreOneHolder() {
        assertThat(of("2001:db8:1:2::1"))
                .isEqualTo(of("2001:db8:1:2:ffff:ffff:ffff:ffff"))
                .isEqualTo(of("2001:DB8:1:2:3:4:5:6"))
                .isNotEqualTo(of("2001:db8:1:3::1"));
    }

    @Test
    void anIpv4AddressWrittenAsIpv6IsStillThatAddress() {
        assertThat(of("::ffff:192.0.2.1")).isEqualTo(of("192.0.2.1"));
    }

    @Test
    void whatIsNoAddressIsAHolderOfItsOwnAndIsNotLookedUp() {
        assertThat(of("unknown.invalid")).isEqualTo(of("unknown.invalid")).isNotEqualTo(of("192.0.2.1"));
        assertThat(Peer.of("carol", null))
                .isEqualTo(Peer.of("carol", SocketAddress.domainSocketAddress("/tmp/socket")));
    }

    private static Peer of(String host) {
        return Peer.of("carol", SocketAddress.inetSocketAddress(1, host));
    }
}
