package dev.omni.observe;

import dev.omni.problem.RequestId;
import io.quarkus.vertx.core.runtime.context.VertxContextSafetyToggle;
import io.smallrye.common.vertx.VertxContext;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jboss.logging.MDC;
import org.jspecify.annotations.Nullable;

/**
 * The fields that say in every log line whose work it belongs to. They live in the Vert.x context of a request, a
 * connection's callback or a piece of background work, and follow it over timers, worker threads and calls of REST clients;
 * they do not follow it to threads that are not Vert.x's or Quarkus'.
 */
public final class LogContext {
    public static final String REQUEST_ID = RequestId.LOG_FIELD;
    public static final String USER_ID = "userId";
    public static final String SANDBOX_ID = "sandboxId";
    public static final String JOB_ID = "jobId";

    private LogContext() {}

    /** Sets a field for the rest of the current work. Outside of any work (a bare event loop or thread) it does nothing. */
    public static void put(String field, String value) {
        if (VertxContext.isOnDuplicatedContext()) {
            MDC.put(field, value);
        }
    }

    /** The fields of the current work, to be handed to work that it starts. */
    public static Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        for (String field : new String[] {REQUEST_ID, USER_ID, SANDBOX_ID, JOB_ID}) {
            Object value = MDC.get(field);
            if (value != null) {
                fields.put(field, value.toString());
            }
        }
        return fields;
    }

    /**
     * Runs work in a context of its own with the given fields and no others: background work that outlives its request, or
     * a callback of a connection. The work starts on an event loop when the result is subscribed to, ends when that is
     * cancelled, and its result arrives on that event loop.
     */
    public static <T extends @Nullable Object> Uni<T> inNewContext(
            Vertx vertx, Map<String, String> fields, Supplier<Uni<T>> work) {
        return Uni.createFrom().emitter(emitter -> {
            Context context =
                    Objects.requireNonNull(VertxContext.createNewDuplicatedContext(vertx.getOrCreateContext()));
            VertxContextSafetyToggle.setContextSafe(context, true);
            AtomicReference<@Nullable Cancellable> running = new AtomicReference<>();
            emitter.onTermination(() -> {
                Cancellable started = running.getAndSet(() -> {});
                if (started != null) {
                    started.cancel();
                }
            });
            context.runOnContext(start -> {
                fields.forEach(MDC::put);
                Cancellable started =
                        Uni.createFrom().<T>deferred(work::get).subscribe().with(emitter::complete, emitter::fail);
                if (!running.compareAndSet(null, started)) {
                    started.cancel();
                }
            });
        });
    }
}
