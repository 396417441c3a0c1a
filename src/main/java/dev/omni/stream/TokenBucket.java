package dev.omni.stream;

/** Allows a burst, then a steady rate. For one thread. */
final class TokenBucket {
    private static final double NANOS_PER_SECOND = 1e9;

    private final double capacity;
    private final double perNano;
    private double tokens;
    private long last;

    TokenBucket(int capacity, int perSecond, long nanoTime) {
        this.capacity = capacity;
        this.perNano = perSecond / NANOS_PER_SECOND;
        this.tokens = capacity;
        this.last = nanoTime;
    }

    boolean tryTake(long nanoTime) {
        tokens = Math.min(capacity, tokens + (nanoTime - last) * perNano);
        last = nanoTime;
        if (tokens < 1) {
            return false;
        }
        tokens--;
        return true;
    }
}
