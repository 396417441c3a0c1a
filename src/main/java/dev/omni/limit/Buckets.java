package dev.omni.limit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.distributed.AsyncBucketProxy;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The buckets of one limit: one for each user or address that took from it lately. One that is full again is forgotten,
 * since it is no different from a new one.
 */
final class Buckets {
    /** Some hundred bytes each. Only callers with a valid token have one, so that nobody can fill this up for nothing. */
    static final int MAX_BUCKETS = 100_000;

    /** Enough of a hash that no two users meet, and nobody is named in Redis. */
    private static final int HASH_BYTES = 16;

    /** A holder's bucket here, and the one that all replicas share. */
    static final class Both {
        /** What this replica has let through: never more than the limit, whatever Redis says. */
        private final Bucket local;

        private final AsyncBucketProxy shared;

        /** Until when the shared one is empty, so that it need not be asked. */
        private volatile long emptyUntil;

        Both(Bucket local, AsyncBucketProxy shared, long now) {
            this.local = local;
            this.shared = shared;
            this.emptyUntil = now;
        }

        Bucket local() {
            return local;
        }

        AsyncBucketProxy shared() {
            return shared;
        }

        void sharedIsEmpty(Duration howLong) {
            emptyUntil = System.nanoTime() + howLong.toNanos();
        }

        /** How long the shared bucket will be empty, as far as is known here; zero or less if it is not. */
        long sharedIsEmptyForNanos() {
            return emptyUntil - System.nanoTime();
        }
    }

    private final Limit limit;
    private final String prefix;
    private final SharedBuckets shared;
    private final BucketConfiguration configuration;
    private final Cache<String, Both> buckets;

    /** @param environment replicas of the same environment share */
    Buckets(Limit limit, String environment, SharedBuckets shared) {
        this.limit = limit;
        // With the rate: replicas that were told another one do not share.
        this.prefix = "omni:%s:limit:%s:%d/%d:"
                .formatted(
                        environment,
                        limit.name(),
                        limit.rate().count(),
                        limit.rate().time().toMillis());
        this.shared = shared;
        this.configuration = BucketConfiguration.builder()
                .addLimit(bandwidth -> bandwidth
                        .capacity(limit.rate().count())
                        .refillGreedy(limit.rate().count(), limit.rate().time()))
                .build();
        this.buckets = Caffeine.newBuilder()
                .maximumSize(MAX_BUCKETS)
                .expireAfterAccess(limit.rate().time().plus(Duration.ofSeconds(1)))
                .build();
    }

    Limit limit() {
        return limit;
    }

    Both of(String holder) {
        return buckets.get(holder, this::make);
    }

    /** How many there are. */
    long size() {
        buckets.cleanUp();
        return buckets.estimatedSize();
    }

    private Both make(String holder) {
        return new Both(
                Bucket.builder()
                        .addLimit(bandwidth -> bandwidth
                                .capacity(limit.rate().count())
                                .refillGreedy(limit.rate().count(), limit.rate().time()))
                        .withNanosecondPrecision()
                        .build(),
                shared.bucket(prefix + hash(holder), configuration),
                System.nanoTime());
    }

    /** Names a holder in Redis without telling who it is. */
    static String hash(String holder) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(holder.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(Arrays.copyOf(hash, HASH_BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }
}
