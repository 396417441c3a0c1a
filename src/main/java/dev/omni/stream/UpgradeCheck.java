package dev.omni.stream;

import dev.omni.identity.ClientAddress;
import dev.omni.identity.ClientAddresses;
import dev.omni.limit.Policy;
import dev.omni.limit.RateLimiter;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.quarkus.websockets.next.HttpUpgradeCheck;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;

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
                        .orElseGet(() -> refuse(new ProblemException(
                                ProblemCode.UNAUTHENTICATED, "The handshake needs a token of a user's."))));
    }

    private Uni<CheckResult> decide(HttpUpgradeContext upgrade, Tokens.Verified verified) {
        String userId = verified.caller().userId();
        ClientAddress address = addresses.of(upgrade.httpRequest());
        Peer peer = Peer.of(userId, address);
        return limiter.take(Policy.UPGRADE, userId, address).chain(decision -> {
            if (!decision.isAllowed()) {
                decision.headers().forEach(upgrade.httpRequest().response()::putHeader);
                return refuse(decision.refusal());
            }
            // After the limit, so that whoever has no room left cannot ask for it without end.
            return slots.hasRoom(peer)
                    ? Uni.createFrom().item(permit(upgrade, verified, peer, address))
                    : refuse(new ProblemException(
                            ProblemCode.RATE_LIMITED,
                            "Too many connections and event streams are open; close one first.",
                            Connections.RETRY_AFTER,
                            null));
        });
    }

    /** As a failure, so that it is answered like any other: a refusal of the framework's has no body. */
    private static Uni<CheckResult> refuse(ProblemException refusal) {
        return Uni.createFrom().failure(refusal);
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
