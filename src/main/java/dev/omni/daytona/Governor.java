package dev.omni.daytona;

import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.daytona.DaytonaOperation.Priority;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import jakarta.ws.rs.client.ClientRequestContext;
import jakarta.ws.rs.client.ClientResponseContext;
import jakarta.ws.rs.client.ClientResponseFilter;
import jakarta.ws.rs.core.MultivaluedMap;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps us within Daytona's rate limits. It believes what the answers say of each throttler: when little is left, those who
 * can wait leave it to those who cannot; once Daytona has refused a call, none like it is sent before the time it names.
 *
 * <p>It is asked before a call waits for its turn, so that nobody holds a connection while waiting, and once more right
 * before the call is sent. Only the control plane is asked and believed: Daytona's proxy throttles nothing, and what stands
 * behind it belongs to users.
 */
final class Governor implements ClientResponseFilter {
    private static final String RETRY_AFTER = "retry-after";
    private static final String REMAINING = "x-ratelimit-remaining-";
    private static final String LIMIT = "X-RateLimit-Limit-";
    private static final String RESET = "X-RateLimit-Reset-";

    private static final int TOO_MANY_REQUESTS = 429;
    /** After a refusal that does not say how long it lasts. */
    private static final Duration UNSAID = Duration.ofSeconds(5);

    private final DaytonaConfig.Governor config;
    private final Vertx vertx;
    private final DaytonaMeters meters;
    private final Map<Throttler, Budget> budgets = each(Throttler.class, unused -> new Budget());
    /** What Daytona has refused, whichever throttler it was: one operation may count at several. */
    private final Map<DaytonaOperation, Budget> refused = each(DaytonaOperation.class, unused -> new Budget());

    private final Map<Priority, AtomicInteger> waiting = each(Priority.class, unused -> new AtomicInteger());

    Governor(DaytonaConfig.Governor config, Vertx vertx, DaytonaMeters meters) {
        this.config = config;
        this.vertx = vertx;
        this.meters = meters;
        budgets.forEach((throttler, budget) -> meters.watchBudget(throttler, () -> budget.left(System.nanoTime())));
        waiting.forEach(meters::watchWaiting);
    }

    /** Completes when the call may be made; fails as {@code RATE_LIMITED} when that takes longer than it may wait. */
    Uni<Void> admit(DaytonaOperation operation) {
        Throttler throttler = operation.throttler();
        if (throttler == null) {
            return Uni.createFrom().voidItem();
        }
        return Uni.createFrom().deferred(() -> {
            Duration hold = hold(operation, throttler);
            return hold.isZero() ? Uni.createFrom().voidItem() : wait(operation, throttler, hold);
        });
    }

    /** Fails as {@code RATE_LIMITED} when Daytona has begun to refuse such calls since this one was admitted. */
    void recheck(DaytonaOperation operation) {
        Throttler throttler = operation.throttler();
        if (throttler != null) {
            Duration blocked = blocked(operation, throttler);
            if (!blocked.isZero()) {
                throw refusal(operation, blocked);
            }
        }
    }

    /** Daytona, or whatever there is in a sandbox, has answered 429. */
    void refused(DaytonaOperation operation, DaytonaException refusal) {
        if (operation.throttler() == null) {
            return;
        }
        Duration wait = refusal.retryAfter();
        budget(refused, operation).block(wait == null ? UNSAID : wait, System.nanoTime());
    }

    @Override
    public void filter(ClientRequestContext request, ClientResponseContext response) {
        MultivaluedMap<String, String> headers = response.getHeaders();
        if (headers == null) {
            // There was no answer; we are told of that as well.
            return;
        }
        answered(response.getStatus(), headers);
    }

    /** Takes from an answer of the control plane what it says of the throttlers. */
    void answered(int status, Map<String, List<String>> sent) {
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(sent);
        long now = System.nanoTime();
        headers.forEach((name, values) -> {
            String header = name.toLowerCase(Locale.ROOT);
            if (header.startsWith(REMAINING)) {
                told(header.substring(REMAINING.length()), headers, values.getFirst(), now);
            } else if (header.startsWith(RETRY_AFTER) && status == TOO_MANY_REQUESTS) {
                Duration wait = ErrorMapping.wait(values.getFirst());
                if (wait != null) {
                    block(header.substring(RETRY_AFTER.length()), wait, now);
                }
            }
        });
    }

    private void told(String name, Map<String, List<String>> headers, String remaining, long now) {
        Throttler throttler = Throttler.of(name);
        Long left = number(remaining);
        Long limit = number(first(headers, LIMIT + name));
        Duration reset = ErrorMapping.wait(String.valueOf(first(headers, RESET + name)));
        if (throttler != null && left != null && limit != null && reset != null) {
            budget(budgets, throttler).told(limit, left, reset, now);
        }
    }

    private static @Nullable String first(Map<String, List<String>> headers, String name) {
        List<String> values = headers.get(name);
        return values == null || values.isEmpty() ? null : values.getFirst();
    }

    /** @param suffix what the header's name says beyond that there is a time to wait: whose it is, or nothing */
    private void block(String suffix, Duration wait, long now) {
        if (suffix.isEmpty()) {
            // Not of a throttler, but of what guards them all, such as the one for wrong keys.
            budgets.values().forEach(budget -> budget.block(wait, now));
        } else {
            Throttler throttler = Throttler.of(suffix.substring(1));
            if (throttler != null) {
                budget(budgets, throttler).block(wait, now);
            }
        }
    }

    private Duration blocked(DaytonaOperation operation, Throttler throttler) {
        long now = System.nanoTime();
        Duration one = budget(refused, operation).blocked(now);
        Duration other = budget(budgets, throttler).blocked(now);
        return one.compareTo(other) > 0 ? one : other;
    }

    private Duration hold(DaytonaOperation operation, Throttler throttler) {
        Duration blocked = blocked(operation, throttler);
        return blocked.isZero()
                ? budget(budgets, throttler).take(reserve(operation.priority()), System.nanoTime())
                : blocked;
    }

    private Uni<Void> wait(DaytonaOperation operation, Throttler throttler, Duration hold) {
        Priority priority = operation.priority();
        Duration patience = priority == Priority.POLL ? config.pollPatience() : config.patience();
        // Who asks again anyway is better kept here than sent away; others should know at once.
        if (priority != Priority.POLL && hold.compareTo(patience) > 0) {
            return Uni.createFrom().failure(refusal(operation, hold));
        }
        AtomicInteger waiters = budget(waiting, priority);
        if (waiters.incrementAndGet() > config.maxWaiting()) {
            waiters.decrementAndGet();
            return Uni.createFrom().failure(refusal(operation, hold));
        }
        meters.delayed(priority);
        return wait(operation, throttler, hold, System.nanoTime() + patience.toNanos())
                .onTermination()
                .invoke(() -> waiters.decrementAndGet());
    }

    private Uni<Void> wait(DaytonaOperation operation, Throttler throttler, Duration hold, long deadline) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
            return Uni.createFrom().failure(refusal(operation, hold));
        }
        long pause = Math.min(hold.toNanos(), left) + spread(operation.priority());
        return pause(Duration.ofNanos(pause)).chain(() -> {
            Duration still = hold(operation, throttler);
            return still.isZero() ? Uni.createFrom().voidItem() : wait(operation, throttler, still, deadline);
        });
    }

    private Uni<Void> pause(Duration time) {
        return Uni.createFrom().emitter(emitter -> {
            long timer = vertx.setTimer(Math.max(1, time.toMillis()), fired -> emitter.complete(null));
            emitter.onTermination(() -> vertx.cancelTimer(timer));
        });
    }

    private DaytonaException refusal(DaytonaOperation operation, Duration wait) {
        meters.heldBack(operation.priority());
        return DaytonaException.notSent(Kind.RATE_LIMITED, "held back until Daytona takes more", wait);
    }

    private double reserve(Priority priority) {
        return switch (priority) {
            case WORK -> 0;
            case READ -> config.readReserve();
            case POLL -> config.pollReserve();
        };
    }

    /** When the time has come not all go at once, and those who matter most go first. */
    private static long spread(Priority priority) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long millis = switch (priority) {
            case WORK -> random.nextLong(10, 200);
            case READ -> random.nextLong(200, 700);
            case POLL -> random.nextLong(700, 2500);
        };
        return Duration.ofMillis(millis).toNanos();
    }

    private static @Nullable Long number(@Nullable String text) {
        try {
            return text == null ? null : Long.valueOf(text.strip());
        } catch (NumberFormatException noNumber) {
            return null;
        }
    }

    private static <K extends Enum<K>, V> V budget(Map<K, V> of, K key) {
        V found = of.get(key);
        if (found == null) {
            throw new IllegalStateException(key + " is missing");
        }
        return found;
    }

    private static <K extends Enum<K>, V> Map<K, V> each(Class<K> type, Function<K, V> value) {
        List<K> keys = Arrays.asList(type.getEnumConstants());
        return keys.stream().collect(Collectors.toMap(k -> k, value, (a, b) -> a, () -> new EnumMap<>(type)));
    }
}
