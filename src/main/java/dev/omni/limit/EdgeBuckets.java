package dev.omni.limit;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongBinaryOperator;

/**
 * A bucket for every address there is, in two mebibytes.
 *
 * <p>Anybody may come from a million addresses, so nothing is kept for each. Instead each address has one of 65,536 buckets
 * in each of four rows, chosen by a hash that nobody outside can know. It is over its limit when all four are: somebody
 * else who floods may share one of them with it, but hardly all four. And since nothing is ever dropped to make room, no
 * flood makes the bucket of a flooder full again.
 *
 * <p>A bucket is one number, the time at which it will be full again. Each token that is taken moves it on by the time that
 * one token takes to come back; it is empty when that lies as far ahead as the whole of its rate. Taking from the four is
 * not one step: at the limit, calls that come at the same moment may be let through by as many.
 */
final class EdgeBuckets {
    private static final int ROWS = 4;
    /** Bits of the hash for each row: four times these are all it has. */
    private static final int BITS = 16;

    private final AtomicLongArray fullAt = new AtomicLongArray(ROWS << BITS);
    private final long seed = ThreadLocalRandom.current().nextLong();
    private final long nanosPerToken;
    private final long nanosPerBucket;
    /** One for all calls, so that none of them makes garbage. */
    private final LongBinaryOperator oneMore;

    EdgeBuckets(Rate rate) {
        this.nanosPerToken = Math.max(1, rate.time().toNanos() / rate.count());
        this.nanosPerBucket = nanosPerToken * rate.count();
        this.oneMore = (at, now) -> Math.max(at, now) + nanosPerToken;
    }

    /**
     * Takes a token; or takes none and says how long to wait for one.
     *
     * @param now nanoseconds since a moment that is the same for all calls; not negative
     */
    Duration take(String address, long now) {
        long hash = hash(address);
        long wait = Long.MAX_VALUE;
        for (int row = 0; row < ROWS; row++) {
            long at = Math.max(fullAt.get(slot(hash, row)), now);
            wait = Math.min(wait, at + nanosPerToken - now - nanosPerBucket);
        }
        if (wait > 0) {
            return Duration.ofNanos(wait);
        }
        for (int row = 0; row < ROWS; row++) {
            fullAt.accumulateAndGet(slot(hash, row), now, oneMore);
        }
        return Duration.ZERO;
    }

    /** Puts a token back that was taken. */
    void giveBack(String address) {
        long hash = hash(address);
        for (int row = 0; row < ROWS; row++) {
            fullAt.addAndGet(slot(hash, row), -nanosPerToken);
        }
    }

    /** How many tokens are left. */
    long left(String address, long now) {
        long hash = hash(address);
        long ahead = Long.MAX_VALUE;
        for (int row = 0; row < ROWS; row++) {
            ahead = Math.min(ahead, Math.max(fullAt.get(slot(hash, row)) - now, 0));
        }
        return Math.max(0, (nanosPerBucket - ahead) / nanosPerToken);
    }

    private static int slot(long hash, int row) {
        return (row << BITS) | (int) (hash >>> (row * BITS) & ((1 << BITS) - 1));
    }

    private long hash(String address) {
        long hash = seed;
        for (int i = 0; i < address.length(); i++) {
            hash = (hash ^ address.charAt(i)) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 32;
        }
        hash = (hash ^ hash >>> 30) * 0xBF58476D1CE4E5B9L;
        hash = (hash ^ hash >>> 27) * 0x94D049BB133111EBL;
        return hash ^ hash >>> 31;
    }
}
