package dev.omni.daytona;

import io.smallrye.mutiny.subscription.Cancellable;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.impl.ContextInternal;
import io.vertx.core.streams.ReadStream;
import org.jspecify.annotations.Nullable;

/** A stream that is opened when it is its turn, and has its place until it is over. */
final class InTurn implements UpstreamStream.Source {
    private final Bulkhead.Turn turn;
    private final UpstreamStream.Source source;
    private Cancellable coming = () -> {};
    private boolean opened;

    InTurn(Bulkhead.Turn turn, UpstreamStream.Source source) {
        this.turn = turn;
        this.source = source;
    }

    @Override
    public Future<? extends ReadStream<Buffer>> open(Runnable heard) {
        // Whoever leaves lets the next one in, on a thread of its own.
        Promise<Void> come = ContextInternal.current().promise();
        coming = turn.come().subscribe().with(come::complete, come::fail);
        return come.future().compose(mine -> {
            opened = true;
            return source.open(heard).<ReadStream<Buffer>>map(stream -> stream);
        });
    }

    @Override
    public void probe() {
        source.probe();
    }

    @Override
    public @Nullable Throwable failureAtEnd() {
        return source.failureAtEnd();
    }

    @Override
    public void close() {
        coming.cancel();
        if (opened) {
            source.close();
        }
    }

    @Override
    public void over() {
        turn.leave();
    }
}
