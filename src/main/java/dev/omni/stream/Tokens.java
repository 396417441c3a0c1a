package dev.omni.stream;

import dev.omni.identity.Caller;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.identity.IdentityProviderManager;
import io.quarkus.security.identity.SecurityIdentity;
import io.quarkus.security.identity.request.TokenAuthenticationRequest;
import io.quarkus.smallrye.jwt.runtime.auth.JsonWebTokenCredential;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Optional;
import org.eclipse.microprofile.jwt.JsonWebToken;

/** Tokens that come in over an open connection: they pass the same checks as those of a request. */
@ApplicationScoped
class Tokens {
    private final IdentityProviderManager identities;

    Tokens(IdentityProviderManager identities) {
        this.identities = identities;
    }

    /** Whom a token speaks for, and until when. */
    record Verified(Caller caller, Instant expiresAt) {
        /** Empty for a caller who brought no token. */
        static Optional<Verified> of(SecurityIdentity identity) {
            return identity.getPrincipal() instanceof JsonWebToken token
                    ? Optional.of(new Verified(Caller.of(identity), Instant.ofEpochSecond(token.getExpirationTime())))
                    : Optional.empty();
        }
    }

    /** The token is not one we accept. */
    static final class InvalidTokenException extends RuntimeException {
        InvalidTokenException() {
            super("not an acceptable token", null, false, false);
        }
    }

    /** Fails with {@link InvalidTokenException}. */
    Uni<Verified> verify(String token) {
        return identities
                .authenticate(new TokenAuthenticationRequest(new JsonWebTokenCredential(token)))
                .onFailure(AuthenticationFailedException.class)
                .transform(refused -> new InvalidTokenException())
                .map(identity -> Verified.of(identity).orElseThrow(InvalidTokenException::new));
    }
}
