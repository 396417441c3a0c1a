package dev.omni.identity;

import dev.omni.problem.PlainText;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.identity.SecurityIdentity;
import java.security.Principal;
import java.util.Set;
import org.eclipse.microprofile.jwt.JsonWebToken;

/**
 * The signed-in user on whose behalf something happens.
 *
 * @param userId the token's {@code sub}: 1 to 255 printable characters
 * @param groups the token's {@code groups}
 */
public record Caller(String userId, Set<String> groups) {
    /** May manage snapshots and see every sandbox. */
    public static final String OPERATOR = "operator";

    private static final int MAX_USER_ID_LENGTH = 255;

    /** Fails with an {@link AuthenticationFailedException}, answered as a 401, when the user id is none. */
    public Caller {
        if (!isUserId(userId)) {
            throw new AuthenticationFailedException("The token names no user");
        }
        groups = Set.copyOf(groups);
    }

    /** The caller an identity names; fails as the constructor does. */
    public static Caller of(SecurityIdentity identity) {
        return new Caller(userId(identity.getPrincipal()), identity.getRoles());
    }

    public boolean isOperator() {
        return groups.contains(OPERATOR);
    }

    /** A token's principal may take its name from another claim than {@code sub}, one that users can choose. */
    private static String userId(Principal principal) {
        String userId = principal instanceof JsonWebToken token ? token.getSubject() : principal.getName();
        return userId == null ? "" : userId;
    }

    private static boolean isUserId(String userId) {
        return !userId.isBlank() && userId.length() <= MAX_USER_ID_LENGTH && PlainText.Validator.isPlain(userId, false);
    }
}
