package dev.omni.identity;

import io.quarkus.security.identity.SecurityIdentity;
import java.util.Set;

/**
 * The signed-in user on whose behalf something happens.
 *
 * @param userId the token's {@code sub}
 * @param groups the token's {@code groups}
 */
public record Caller(String userId, Set<String> groups) {
    /** May manage snapshots and see every sandbox. */
    public static final String OPERATOR = "operator";

    public Caller {
        groups = Set.copyOf(groups);
    }

    public static Caller of(SecurityIdentity identity) {
        return new Caller(identity.getPrincipal().getName(), identity.getRoles());
    }

    public boolean isOperator() {
        return groups.contains(OPERATOR);
    }
}
