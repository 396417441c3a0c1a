package dev.omni.secret;

import dev.omni.metric.Metric;
import dev.omni.metric.PerConstant;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What is measured of secrets: of each whose file was ever seen, and of their directory. */
final class SecretMeters {
    /** What became of a secret. */
    enum Change {
        LOADED,
        REMOVED,
        /** The file holds nothing usable. */
        FAILED
    }

    private final MeterRegistry registry;
    private final Map<String, PerConstant<Change, Counter>> files = new ConcurrentHashMap<>();
    private final Counter directoryFailed;

    SecretMeters(MeterRegistry registry) {
        this.registry = registry;
        this.directoryFailed = Metric.SECRET_RELOADS.counter(registry, "directory", Change.FAILED);
    }

    /** @param name the file's, which the operator gives: there are few */
    void changed(String name, Change change) {
        files.computeIfAbsent(name, this::file).of(change).increment();
    }

    void directoryFailed() {
        directoryFailed.increment();
    }

    private PerConstant<Change, Counter> file(String name) {
        return new PerConstant<>(
                EnumSet.allOf(Change.class), change -> Metric.SECRET_RELOADS.counter(registry, name, change));
    }
}
