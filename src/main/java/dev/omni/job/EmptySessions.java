package dev.omni.job;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.omni.daytona.Session;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;

/**
 * Tells sessions whose command is about to come from those that were left behind by a replica that died. An id of version 7
 * says how old a session is; one that was derived from a key does not, and is as old as the time since it was first seen here.
 */
@ApplicationScoped
class EmptySessions {
    private static final int UUID_LENGTH = 36;

    /** How long a session may be without its command and count as one that starts. */
    static final Duration STARTING = Duration.ofSeconds(30);

    /** How long a call that makes a session may take at the very most, so that nobody can still be about to use it. */
    static final Duration ABANDONED = Duration.ofMinutes(10);

    private static final int MAX_KNOWN = 10_000;

    private final InstantSource clock;
    private final Cache<String, Instant> firstSeen = Caffeine.newBuilder()
            .maximumSize(MAX_KNOWN)
            // Each look at a sandbox sees it anew.
            .expireAfterAccess(Duration.ofHours(1))
            .build();

    @Inject
    EmptySessions() {
        this(InstantSource.system());
    }

    EmptySessions(InstantSource clock) {
        this.clock = clock;
    }

    /** Whether a job or command is about to run in it. */
    boolean isStarting(String sandboxId, Session session) {
        return isEmptyAndOurs(session) && age(sandboxId, session).compareTo(STARTING) < 0;
    }

    /** Whether nothing will ever run in it, so that it is only in the way. */
    boolean isAbandoned(String sandboxId, Session session) {
        return isEmptyAndOurs(session) && age(sandboxId, session).compareTo(ABANDONED) > 0;
    }

    private static boolean isEmptyAndOurs(Session session) {
        return session.id().startsWith(JobRecords.SESSION_PREFIX)
                && session.id().length() >= JobRecords.SESSION_PREFIX.length() + UUID_LENGTH
                && session.commands().isEmpty();
    }

    private Duration age(String sandboxId, Session session) {
        Instant now = clock.instant();
        return Duration.between(madeAt(sandboxId, session.id(), now), now);
    }

    private Instant madeAt(String sandboxId, String sessionId, Instant now) {
        try {
            UUID id = UUID.fromString(sessionId.substring(sessionId.length() - UUID_LENGTH));
            if (id.version() == 7) {
                // Its first 48 bits are its time.
                return Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16);
            }
            return firstSeen.get(sandboxId + "/" + sessionId, unseen -> now);
        } catch (IllegalArgumentException notOurs) {
            // Neither starting nor abandoned.
            return now.minus(STARTING);
        }
    }
}
