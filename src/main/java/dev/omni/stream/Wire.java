package dev.omni.stream;

import io.smallrye.mutiny.Uni;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a connection needs of its socket. Used on the connection's event loop. */
interface Wire {
    /**
     * Writes a text frame, which goes out with the next {@link #flush}.
     *
     * @param text in UTF-8; not to be changed any more
     * @param drained called on the event loop when the frame has left for the kernel, which is what back-pressure is made of;
     *     with the reason if it never will
     */
    void write(byte[] text, Consumer<@Nullable Throwable> drained);

    void flush();

    Uni<Void> ping();

    /** Starts the closing handshake. A peer that does not read never lets it end. */
    Uni<Void> close(CloseCode code);

    /** Cuts the TCP connection at once, whatever is still unwritten. */
    void cut();
}
