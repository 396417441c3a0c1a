package dev.omni.job;

import io.smallrye.mutiny.Uni;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.AsyncFile;
import io.vertx.core.file.OpenOptions;

/**
 * The local copy of one job's raw log: bytes are appended by one writer and read by many at their own pace. Writing the
 * same bytes twice at the same place does no harm, so an append that was interrupted may simply be repeated.
 */
final class Spool {
    private final AsyncFile file;
    private final SpoolSpace.Share share;
    private final Context context;
    private volatile long length;

    private Spool(AsyncFile file, SpoolSpace.Share share, Context context) {
        this.file = file;
        this.share = share;
        this.context = context;
    }

    /** Opens an empty spool, which belongs to the context it is opened on; the file goes away with the process or when it is closed. */
    static Uni<Spool> open(Vertx vertx, SpoolSpace.Share share, String path) {
        OpenOptions options = new OpenOptions()
                .setRead(true)
                .setWrite(true)
                .setCreateNew(true)
                .setDeleteOnClose(true)
                .setPerms("rw-------");
        Context context = vertx.getOrCreateContext();
        return Uni.createFrom()
                .completionStage(() -> vertx.fileSystem().open(path, options).toCompletionStage())
                .map(file -> new Spool(file, share, context));
    }

    /** Bytes that can be read. */
    long length() {
        return length;
    }

    /**
     * Appends, once there is room; at most one append at a time. Fails with {@link SpoolSpace.NoRoomException} where there
     * is none for long.
     */
    Uni<Void> append(Buffer bytes) {
        return Uni.createFrom().deferred(() -> {
            long at = length;
            long behind = at + bytes.length();
            return share.growTo(behind)
                    // Room is made on the context of whoever needs it no more.
                    .emitOn(task -> context.runOnContext(ignored -> task.run()))
                    .chain(() -> Uni.createFrom()
                            .completionStage(() -> file.write(bytes, at).toCompletionStage()))
                    .invoke(() -> length = behind);
        });
    }

    /** Reads up to {@code count} bytes at a place below {@link #length()}. */
    Uni<Buffer> read(long at, int count) {
        int readable = (int) Math.min(count, length - at);
        return Uni.createFrom()
                .completionStage(() ->
                        file.read(Buffer.buffer(readable), 0, at, readable).toCompletionStage());
    }

    void close() {
        share.close();
        // A read under way then fails, and its reader has gone. Nothing else can be done about a failing close.
        file.close();
    }
}
