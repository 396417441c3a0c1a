package dev.omni.identity;

import io.quarkus.security.identity.AuthenticationRequestContext;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.identity.SecurityIdentityAugmentor;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;

/**
 * Refuses a token whose subject is no user id.
 *
 * <p>It does not set the identity's expire time, by which the WebSocket server would close a connection with a code of its
 * own, and whatever newer token had come in: ending a connection with its token is the stream's affair.
 */
@Singleton
class SubjectCheck implements SecurityIdentityAugmentor {
    @Override
    public Uni<SecurityIdentity> augment(SecurityIdentity identity, AuthenticationRequestContext context) {
        return Uni.createFrom().item(() -> {
            if (!identity.isAnonymous()) {
                Caller.of(identity);
            }
            return identity;
        });
    }
}
