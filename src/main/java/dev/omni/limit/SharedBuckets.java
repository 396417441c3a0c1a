package dev.omni.limit;

import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.distributed.AsyncBucketProxy;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.ClientSideConfig;
import io.github.bucket4j.distributed.proxy.generic.compare_and_swap.AbstractCompareAndSwapBasedProxyManager;
import io.github.bucket4j.distributed.proxy.generic.compare_and_swap.AsyncCompareAndSwapOperation;
import io.github.bucket4j.distributed.proxy.generic.compare_and_swap.CompareAndSwapOperation;
import io.github.bucket4j.distributed.proxy.optimization.Optimizations;
import io.github.bucket4j.distributed.remote.RemoteBucketState;
import io.github.bucket4j.redis.consts.LuaScripts;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The buckets in Redis: what all replicas have let through together. Each is read, changed here and written back if nobody
 * else has changed it meanwhile. They expire by themselves, soon after they would be full.
 */
final class SharedBuckets extends AbstractCompareAndSwapBasedProxyManager<String> {
    /** What a bucket that is full outlives its last use by. */
    private static final Duration KEEP = Duration.ofSeconds(10);

    /** How often replicas that change the same bucket at once may get in each other's way. */
    private static final int MAX_RETRIES = 5;

    private final RedisLink redis;

    SharedBuckets(RedisLink redis) {
        super(ClientSideConfig.getDefault()
                .withClientClock(TimeMeter.SYSTEM_MILLISECONDS)
                .withMaxRetries(MAX_RETRIES)
                .withExpirationAfterWriteStrategy(
                        ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(KEEP)));
        this.redis = redis;
    }

    /** A bucket. Calls that come while another is on its way are sent together once that is back. */
    AsyncBucketProxy bucket(String key, BucketConfiguration configuration) {
        return asAsync()
                .builder()
                .withOptimization(Optimizations.batching())
                .build(key, () -> CompletableFuture.completedFuture(configuration));
    }

    @Override
    protected AsyncCompareAndSwapOperation beginAsyncCompareAndSwapOperation(String key) {
        return new AsyncCompareAndSwapOperation() {
            @Override
            public CompletableFuture<Optional<byte[]>> getStateData(Optional<Long> timeoutNanos) {
                return redis.send(Request.cmd(Command.GET).arg(key))
                        .thenApply(found -> Optional.ofNullable(found)
                                .map(bytes -> bytes.toBuffer().getBytes()));
            }

            @Override
            public CompletableFuture<Boolean> compareAndSwap(
                    byte[] original, byte[] changed, RemoteBucketState state, Optional<Long> timeoutNanos) {
                String keepMillis = Long.toString(keepMillis(state));
                Request swap = original == null
                        ? script(LuaScripts.SCRIPT_SET_NX_PX)
                                .arg(Buffer.buffer(changed))
                                .arg(keepMillis)
                        : script(LuaScripts.SCRIPT_COMPARE_AND_SWAP_PX)
                                .arg(Buffer.buffer(original))
                                .arg(Buffer.buffer(changed))
                                .arg(keepMillis);
                return redis.send(swap)
                        .thenApply(done -> done != null && Integer.valueOf(1).equals(done.toInteger()));
            }

            private Request script(String script) {
                return Request.cmd(Command.EVAL).arg(script).arg(1).arg(key);
            }
        };
    }

    private long keepMillis(RemoteBucketState state) {
        return getClientSideConfig()
                .getExpirationAfterWriteStrategy()
                .orElseThrow()
                .calculateTimeToLiveMillis(state, currentTimeNanos());
    }

    @Override
    protected CompletableFuture<Void> removeAsync(String key) {
        return redis.send(Request.cmd(Command.DEL).arg(key)).thenAccept(removed -> {});
    }

    @Override
    protected CompareAndSwapOperation beginCompareAndSwapOperation(String key) {
        throw new UnsupportedOperationException("Nothing waits for Redis");
    }

    @Override
    public void removeProxy(String key) {
        throw new UnsupportedOperationException("Nothing waits for Redis");
    }

    @Override
    public boolean isAsyncModeSupported() {
        return true;
    }

    @Override
    public boolean isExpireAfterWriteSupported() {
        return true;
    }
}
