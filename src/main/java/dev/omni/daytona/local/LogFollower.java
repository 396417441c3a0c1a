package dev.omni.daytona.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Sends a command's log from its first byte, and on as it grows. Looks for news every 20 ms; ends after a second without
 * any, if the command has an exit code by then. So it never ends for a command that took its shell with it.
 */
final class LogFollower {
    private static final int CHUNK = 64 * 1024;
    private static final int POLL_MILLIS = 20;
    private static final int SILENT_POLLS = 50;

    private final Container container;
    private final SessionCommand command;
    private final StreamSink sink;
    private final @Nullable Labels labels;
    private final Fault.@Nullable BrokenStream fault;
    private long sent;

    LogFollower(Container container, SessionCommand command, StreamSink sink, LogFormat format, @Nullable Fault fault) {
        this.container = container;
        this.command = command;
        this.sink = sink;
        this.labels = format == LogFormat.COMBINED ? Labels.removed() : null;
        this.fault = fault instanceof Fault.BrokenStream broken ? broken : null;
    }

    /** Returns when the stream has ended. */
    void run() throws IOException, InterruptedException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        int silentPolls = 0;
        try (FileChannel log = FileChannel.open(command.log().path(), StandardOpenOption.READ)) {
            while (!sink.isClosed()) {
                if (container.isEnded()) {
                    sink.drop();
                    return;
                }
                if (command.isDeleted()) {
                    sink.close();
                    return;
                }
                if (log.read(chunk.clear()) > 0) {
                    silentPolls = 0;
                    if (!send(chunk.array(), chunk.position())) {
                        return;
                    }
                } else {
                    Thread.sleep(POLL_MILLIS);
                    silentPolls++;
                }
                if (silentPolls == SILENT_POLLS) {
                    silentPolls = 0;
                    if (command.hasEnded()) {
                        sink.close();
                        return;
                    }
                }
            }
        }
    }

    /** Sends what is there now, and no more. */
    void runOnce() throws IOException, InterruptedException {
        byte[] log = command.log().content();
        if (send(log, log.length)) {
            sink.close();
        }
    }

    /** @return false when the stream broke */
    private boolean send(byte[] bytes, int length) throws IOException, InterruptedException {
        byte[] out = bytes;
        int size = length;
        if (labels != null) {
            labels.feed(bytes, length);
            out = labels.drain();
            size = out.length;
        }
        if (fault != null && sent + size >= fault.afterBytes()) {
            sink.send(out, (int) (fault.afterBytes() - sent));
            breakStream(fault.ending());
            return false;
        }
        sink.send(out, size);
        sent += size;
        return true;
    }

    private void breakStream(Fault.Ending ending) throws InterruptedException {
        switch (ending) {
            case CLOSED -> sink.close();
            case DROPPED -> sink.drop();
            case STALLED -> {
                while (!sink.isClosed() && !container.isEnded()) {
                    Thread.sleep(POLL_MILLIS);
                }
                sink.drop();
            }
        }
    }
}
