package dev.omni.secret;

import dev.omni.redaction.Redaction;
import dev.omni.secret.SecretDirectory.Content;
import dev.omni.secret.SecretMeters.Change;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The secrets in the files of {@code omni.secret.directory}, as they are now. Looking one up costs a map access; the files
 * are read in the background, and what they hold counts once two readings in a row agree, so that a file which is being
 * written is never taken for a secret. A file that has become unusable leaves the last good value in force.
 */
@Singleton
public class Secrets {
    private static final Logger LOG = Logger.getLogger(Secrets.class);
    /** Stands for the directory itself where its state is remembered: no file has this name. */
    private static final String ITSELF = ".";

    private final Optional<SecretDirectory> directory;
    private final Vertx vertx;
    private final SecretMeters meters;
    private final AtomicBoolean checking = new AtomicBoolean();
    private final long timer;

    private volatile Map<String, String> values = Map.of();
    /** What the files that are gone held last. */
    private volatile Map<String, String> removed = Map.of();

    private volatile Collection<String> all = List.of();
    /** What the last check found. Like the next, touched by one check at a time. */
    private Map<String, Content> seen = Map.of();

    private final Map<String, String> troubles = new HashMap<>();

    Secrets(SecretConfig config, Vertx vertx, MeterRegistry registry) {
        this.directory = config.directory().map(SecretDirectory::new);
        this.vertx = vertx;
        this.meters = new SecretMeters(registry);
        Redaction.know(this::all);
        if (directory.isEmpty()) {
            timer = -1;
            return;
        }
        // At start there is nothing before it that could still be in force, so one look has to do.
        look().ifPresent(first -> {
            seen = first;
            settle(first);
        });
        warnOfOpenFiles(directory.get());
        timer = vertx.setPeriodic(config.checkInterval().toMillis(), tick -> checkLater());
    }

    /** Reading files takes a moment, so it cannot wait for the first call, which comes on an event loop. */
    void start(@Observes StartupEvent event) {}

    @PreDestroy
    void close() {
        if (directory.isPresent()) {
            vertx.cancelTimer(timer);
        }
    }

    /** Whether there is a directory of secrets at all. */
    public boolean hasDirectory() {
        return directory.isPresent();
    }

    /** The secret in the file of that name. */
    public Optional<String> get(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** The same, or what that file held last if it was removed: for a secret that there must always be one of. */
    public Optional<String> lastOf(String name) {
        return get(name).or(() -> Optional.ofNullable(removed.get(name)));
    }

    /** The secrets in the files whose names begin so, by what follows. */
    public Map<String, String> under(String prefix) {
        Map<String, String> found = new TreeMap<>();
        values.forEach((name, value) -> {
            if (name.length() > prefix.length() && name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), value);
            }
        });
        return found;
    }

    /** All secrets there are, and those of removed files: whoever was given one may still have it. */
    Collection<String> all() {
        return all;
    }

    private void checkLater() {
        if (checking.compareAndSet(false, true)) {
            vertx.executeBlocking(
                            () -> {
                                check();
                                return null;
                            },
                            false)
                    .onComplete(done -> {
                        checking.set(false);
                        if (done.failed()) {
                            LOG.error("The secrets could not be looked at", done.cause());
                        }
                    });
        }
    }

    /** One look at the files. */
    void check() {
        look().ifPresent(now -> {
            Map<String, Content> before = seen;
            seen = now;
            Map<String, Content> settled = new TreeMap<>(now);
            settled.keySet().removeIf(name -> !Objects.equals(now.get(name), before.get(name)));
            settle(settled);
            forget(now.keySet(), before.keySet());
        });
    }

    private Optional<Map<String, Content>> look() {
        try {
            Map<String, Content> now = directory.orElseThrow().read();
            troubles.remove(ITSELF);
            return Optional.of(now);
        } catch (IOException e) {
            trouble(ITSELF, "cannot be read (" + e.getClass().getSimpleName() + ")");
            return Optional.empty();
        }
    }

    private void settle(Map<String, Content> contents) {
        Map<String, String> next = new HashMap<>(values);
        contents.forEach((name, content) -> {
            switch (content) {
                case Content.Value(String text) -> {
                    troubles.remove(name);
                    if (!text.equals(next.put(name, text))) {
                        meters.changed(name, Change.LOADED);
                        LOG.infof("The secret %s was read", name);
                    }
                }
                case Content.Unusable(String why) -> trouble(name, why);
            }
        });
        force(next, removed);
    }

    /** Drops what two checks in a row have not found. */
    private void forget(Set<String> now, Set<String> before) {
        Set<String> gone = new TreeSet<>(values.keySet());
        gone.removeAll(now);
        gone.removeAll(before);
        if (!gone.isEmpty()) {
            Map<String, String> next = new HashMap<>(values);
            Map<String, String> last = new HashMap<>(removed);
            gone.forEach(name -> {
                @Nullable String text = next.remove(name);
                if (text != null && (last.size() < SecretDirectory.MAX_FILES || last.containsKey(name))) {
                    last.put(name, text);
                }
            });
            force(next, last);
            gone.forEach(name -> {
                meters.changed(name, Change.REMOVED);
                LOG.warnf("The secret %s is gone: its file was removed", name);
            });
        }
        troubles.keySet().removeIf(name -> !name.equals(ITSELF) && !now.contains(name));
    }

    private void force(Map<String, String> next, Map<String, String> last) {
        // In this order nobody finds a secret in neither.
        removed = Map.copyOf(last);
        values = Map.copyOf(next);
        all = Stream.concat(values.values().stream(), removed.values().stream()).toList();
    }

    private void trouble(String name, String why) {
        @Nullable String known = troubles.put(name, why);
        if (!why.equals(known)) {
            if (name.equals(ITSELF)) {
                meters.directoryFailed();
                LOG.errorf("The directory of secrets %s: what was read before stays in force", why);
            } else {
                meters.changed(name, Change.FAILED);
                LOG.errorf(
                        "The file of the secret %s %s: %s",
                        name, why, values.containsKey(name) ? "the last good value stays in force" : "there is none");
            }
        }
    }

    private static void warnOfOpenFiles(SecretDirectory directory) {
        try {
            List<String> open = directory.openToOthers();
            if (!open.isEmpty()) {
                LOG.warnf("Everybody on this machine can read the files of these secrets: %s", String.join(", ", open));
            }
        } catch (IOException unreadable) {
            // Told already.
        }
    }
}
