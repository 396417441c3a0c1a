package dev.omni.stream;

import dev.omni.identity.ClientAddress;
import dev.omni.identity.ClientAddresses;
import dev.omni.limit.Decision;
import dev.omni.limit.Policy;
import dev.omni.limit.RateLimiter;
import io.quarkus.websockets.next.HttpUpgradeCheck;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Decides on a handshake whose caller is known, and keeps what the connection needs to know of it. */
@ApplicationScoped
class UpgradeCheck implements HttpUpgradeCheck {
    private final Slots slots;
    private final Connections connections;
    private final RateLimiter limiter;
    private final ClientAddresses addresses;

    UpgradeCheck(Slots slots, Connections connections, RateLimiter limiter, ClientAddresses addresses) {
        this.slots = slots;
        this.connections = connections;
        this.limiter = limiter;
        this.addresses = addresses;
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
                .chain(identity -> Tokens.Verified.of(identity)
                        .map(verified -> decide(upgrade, verified))
                        .orElseGet(
                                () -> CheckResult.rejectUpgrade(401, Map.of("WWW-Authenticate", List.of("Bearer")))));
    }

    private Uni<CheckResult> decide(HttpUpgradeContext upgrade, Tokens.Verified verified) {
        String userId = verified.caller().userId();
        ClientAddress address = addresses.of(upgrade.httpRequest());
        Peer peer = Peer.of(userId, address);
        return limiter.take(Policy.UPGRADE, userId, address).map(decision -> {
            if (!decision.isAllowed()) {
                return refuse(decision);
            }
            // After the limit, so that whoever has no room left cannot ask for it without end.
            return slots.hasRoom(peer) ? permit(upgrade, verified, peer, address) : refuseForRoom();
        });
    }

    private static CheckResult refuseForRoom() {
        return CheckResult.rejectUpgradeSync(
                429, Map.of("Retry-After", List.of(String.valueOf(Connections.RETRY_AFTER.toSeconds()))));
    }

    private static CheckResult refuse(Decision decision) {
        Map<String, List<String>> headers = new HashMap<>();
        decision.headers().forEach((name, value) -> headers.put(name, List.of(value)));
        headers.put("Retry-After", List.of(decision.retryAfterSeconds()));
        return CheckResult.rejectUpgradeSync(429, headers);
    }

    private static CheckResult permit(
            HttpUpgradeContext upgrade, Tokens.Verified verified, Peer peer, ClientAddress address) {
        upgrade.userData().put(StreamEndpoint.IDENTITY, verified);
        upgrade.userData().put(StreamEndpoint.HANDSHAKE, System.nanoTime());
        upgrade.userData().put(StreamEndpoint.PEER, peer);
        upgrade.userData().put(StreamEndpoint.ADDRESS, address.host());
        upgrade.userData().put(StreamEndpoint.HTTP, upgrade.httpRequest().connection());
        return CheckResult.permitUpgradeSync();
    }
}
