package dev.omni.identity;

import io.quarkus.security.identity.AuthenticationRequestContext;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.identity.SecurityIdentityAugmentor;
import io.quarkus.security.runtime.QuarkusSecurityIdentity;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;
import java.time.Instant;
import org.eclipse.microprofile.jwt.JsonWebToken;

/** Refuses a token whose subject is no user id, and tells connections how long theirs lasts. */
@Singleton
class TokenExpiry implements SecurityIdentityAugmentor {
    /** Read by the WebSocket server: epoch seconds at which it closes the connection. */
    private static final String EXPIRE_TIME = "quarkus.identity.expire-time";

    @Override
    public Uni<SecurityIdentity> augment(SecurityIdentity identity, AuthenticationRequestContext context) {
        return identity.isAnonymous()
                ? Uni.createFrom().item(identity)
                : Uni.createFrom().item(() -> checked(identity));
    }

    private static SecurityIdentity checked(SecurityIdentity identity) {
        Caller.of(identity);
        if (!(identity.getPrincipal() instanceof JsonWebToken token)) {
            return identity;
        }
        // A token accepted within the clock skew may be past its end already; a timer needs a moment in the future.
        long end = Math.max(token.getExpirationTime(), Instant.now().getEpochSecond() + 1);
        return QuarkusSecurityIdentity.builder(identity)
                .addAttribute(EXPIRE_TIME, end)
                .build();
    }
}
