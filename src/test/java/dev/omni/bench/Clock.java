package dev.omni.bench;

import java.time.Instant;

/** The clock of the machine, which the commands in the sandboxes read too. */
final class Clock {
    private Clock() {}

    /** Microseconds since 1970. */
    static long micros() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
    }
}
