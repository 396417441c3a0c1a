package dev.omni.stream;

import dev.omni.identity.ClientAddress;

/**
 * Who holds a connection or an event stream.
 *
 * @param network where from, as {@link ClientAddress} has it
 */
record Peer(String userId, String network) {
    static Peer of(String userId, ClientAddress address) {
        return new Peer(userId, address.network());
    }
}
