package dev.omni.daytona.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The log file of a session command: labelled lines of both streams, in the order in which they were complete. */
final class CommandLog implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;

    CommandLog(Path path) throws IOException {
        this.path = path;
        this.channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    Path path() {
        return path;
    }

    byte[] content() throws IOException {
        return Files.readAllBytes(path);
    }

    /** Appends everything in one piece, with respect to the other stream. */
    synchronized void append(ByteBuffer lines) throws IOException {
        while (lines.hasRemaining()) {
            channel.write(lines);
        }
    }

    /** The same for a line whose beginning is in a file of its own. */
    synchronized void append(byte[] label, FileChannel beginning, ByteBuffer rest) throws IOException {
        append(ByteBuffer.wrap(label));
        long size = beginning.size();
        long copied = 0;
        while (copied < size) {
            copied += channel.transferFrom(beginning.position(copied), channel.size(), size - copied);
        }
        append(rest);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
