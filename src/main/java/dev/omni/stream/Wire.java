package dev.omni.stream;

import io.smallrye.mutiny.Uni;

/** What a connection needs of its socket. */
interface Wire {
    /** Writes a text frame; completes when it has left for the kernel, which is what back-pressure is made of. */
    Uni<Void> send(String text);

    Uni<Void> ping();

    /** Starts the closing handshake. A peer that does not read never lets it end. */
    Uni<Void> close(CloseCode code);

    /** Cuts the TCP connection at once, whatever is still unwritten. */
    void cut();
}
