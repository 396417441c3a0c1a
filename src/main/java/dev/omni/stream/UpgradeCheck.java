package dev.omni.stream;

import dev.omni.audit.Origin;
import io.quarkus.websockets.next.HttpUpgradeCheck;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Map;

/** Decides on a handshake whose caller is known, and keeps what the connection needs to know of it. */
@ApplicationScoped
class UpgradeCheck implements HttpUpgradeCheck {
    private final Slots slots;
    private final Connections connections;

    UpgradeCheck(Slots slots, Connections connections) {
        this.slots = slots;
        this.connections = connections;
    }

    @Override
    public boolean appliesTo(String endpointId) {
        return endpointId.equals(StreamEndpoint.ID);
    }

    @Override
    public Uni<CheckResult> perform(HttpUpgradeContext upgrade) {
        if (connections.isDraining()) {
            return CheckResult.rejectUpgrade(503);
        }
        return upgrade.securityIdentity()
                .map(identity -> Tokens.Verified.of(identity)
                        .map(verified -> permit(upgrade, verified))
                        .orElseGet(() ->
                                CheckResult.rejectUpgradeSync(401, Map.of("WWW-Authenticate", List.of("Bearer")))));
    }

    private CheckResult permit(HttpUpgradeContext upgrade, Tokens.Verified verified) {
        Peer peer = Peer.of(verified.caller().userId(), upgrade.httpRequest().remoteAddress());
        if (!slots.hasRoom(peer)) {
            return CheckResult.rejectUpgradeSync(
                    429, Map.of("Retry-After", List.of(String.valueOf(Connections.RETRY_AFTER.toSeconds()))));
        }
        upgrade.userData().put(StreamEndpoint.IDENTITY, verified);
        upgrade.userData().put(StreamEndpoint.HANDSHAKE, System.nanoTime());
        upgrade.userData().put(StreamEndpoint.PEER, peer);
        String address = Origin.address(upgrade.httpRequest().remoteAddress());
        upgrade.userData().put(StreamEndpoint.ADDRESS, address == null ? "" : address);
        upgrade.userData().put(StreamEndpoint.HTTP, upgrade.httpRequest().connection());
        return CheckResult.permitUpgradeSync();
    }
}
