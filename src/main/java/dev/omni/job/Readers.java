package dev.omni.job;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The readers of all logs here, each known by how far it is behind. They are asked only when somebody wants to know. */
final class Readers {
    private final Set<Reader> readers = ConcurrentHashMap.newKeySet();

    interface Reader {
        /** The bytes of the log that are there and that it has not come to. Asked on any thread. */
        long behind();
    }

    void joins(Reader reader) {
        readers.add(reader);
    }

    void leaves(Reader reader) {
        readers.remove(reader);
    }

    int count() {
        return readers.size();
    }

    long furthestBehind() {
        return readers.stream().mapToLong(Reader::behind).max().orElse(0);
    }
}
