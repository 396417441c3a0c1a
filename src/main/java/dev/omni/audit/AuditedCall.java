package dev.omni.audit;

import dev.omni.identity.Caller;
import dev.omni.observe.LogContext;
import dev.omni.problem.Problem;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.quarkus.vertx.http.runtime.security.QuarkusHttpUser;
import io.smallrye.common.vertx.ContextLocals;
import io.smallrye.common.vertx.VertxContext;
import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The call that is being worked on, as far as its line in the trail needs to know it. It lives in the Vert.x context of the
 * request. Whoever knows more of it than its address tells it here; what it comes to is seen when it is answered, or, when
 * the caller has hung up before that, at the end of the work that goes on all the same.
 */
public final class AuditedCall {
    private static final Logger LOG = Logger.getLogger(AuditedCall.class);
    private static final String KEY = AuditedCall.class.getName();
    private static final String STREAM = "/ws";

    /** What an unaudited call is told of when it is answered so: somebody tries what is not theirs, or too much. */
    private static final Set<Integer> TELLING = Set.of(401, 403, 422, 429);

    private static final Set<ProblemCode> NOT_THEIRS = Set.of(ProblemCode.SANDBOX_NOT_FOUND, ProblemCode.JOB_NOT_FOUND);

    /** What came of work that goes on whoever waits for it. */
    private record Came(Outcome outcome, @Nullable String code) {}

    /** Who hung up, and what the call was about as far as that was known then. */
    private record Gone(
            Origin origin,
            @Nullable String sandboxId,
            @Nullable String jobId) {}

    private final RoutingContext context;
    private final @Nullable String address;
    private final Consumer<Entry> trail;
    private final long begun = System.nanoTime();

    // Written on the threads that work for the request, one after the other, and read at its end.
    private volatile @Nullable Action action;
    private volatile @Nullable String command;
    private volatile @Nullable Integer promptLength;
    private volatile @Nullable Integer exitCode;
    private volatile @Nullable String sandboxId;
    private volatile @Nullable String jobId;

    // Guarded by this: the work may end on one thread while the caller hangs up on another.
    private int working;
    private @Nullable Came came;
    private @Nullable Gone gone;

    /** @param address where it comes from; empty where that cannot be told */
    AuditedCall(RoutingContext context, String address, Consumer<Entry> trail) {
        this.context = context;
        this.trail = trail;
        this.address = address.isEmpty() ? null : address;
    }

    /** Remembers it in the context it is called on, that of the request. */
    void begin() {
        if (VertxContext.isOnDuplicatedContext()) {
            ContextLocals.put(KEY, this);
        }
    }

    /** The call of the request that is being worked on; empty in work that no request waits for. */
    public static Optional<AuditedCall> current() {
        return VertxContext.isOnDuplicatedContext() ? ContextLocals.get(KEY) : Optional.empty();
    }

    /** Who calls. */
    public Origin origin() {
        Object requestId = LogContext.fields().get(LogContext.REQUEST_ID);
        return context.user() instanceof QuarkusHttpUser user
                        && !user.getSecurityIdentity().isAnonymous()
                ? Origin.of(Caller.of(user.getSecurityIdentity()), address, (String) requestId)
                : new Origin(null, false, address, (String) requestId);
    }

    public void is(Action action) {
        this.action = action;
    }

    /** @param secrets values that must not be told though they may be in the command, such as those of its environment */
    public void runs(String command, Collection<String> secrets) {
        this.command = Entry.tellable(command, secrets);
    }

    /** A prompt is its user's own affair: not a word of it is told, and no hash either, by which it could be guessed. */
    public void prompts(String input) {
        is(Action.PROMPT_START);
        this.promptLength = input.length();
    }

    public void ended(int exitCode) {
        this.exitCode = exitCode;
    }

    public void about(String sandboxId, @Nullable String jobId) {
        this.sandboxId = sandboxId;
        this.jobId = jobId;
    }

    /**
     * Work for the call that is being worked on, which once begun goes on to its end, also when the caller hangs up. Then
     * the trail tells what came of it when it has ended, and not before.
     *
     * @param about tells the call what the work was on
     */
    public static <T> Uni<T> seenToItsEnd(Uni<T> work, BiConsumer<AuditedCall, T> about) {
        return Uni.createFrom().deferred(() -> {
            Optional<AuditedCall> call = current();
            call.ifPresent(AuditedCall::begins);
            Uni<T> kept = work.invoke(item -> call.ifPresent(audited -> about.accept(audited, item)))
                    .onItemOrFailure()
                    .invoke((item, failure) -> call.ifPresent(audited -> audited.ends(failure)))
                    .memoize()
                    .indefinitely();
            kept.subscribe().with(item -> {}, failure -> LOG.debugf("work for a call ended: %s", failure));
            return kept;
        });
    }

    private synchronized void begins() {
        working++;
    }

    private void ends(@Nullable Throwable failure) {
        Gone left;
        synchronized (this) {
            working--;
            came = failure == null
                    ? new Came(Outcome.OK, null)
                    : failure instanceof ProblemException problem
                            ? new Came(
                                    Outcome.of(problem.code()), problem.code().code())
                            : null;
            left = working == 0 ? gone : null;
        }
        if (left != null) {
            trail.accept(entry(left));
        }
    }

    /** Tells of it now that it has been answered, or never will be. */
    void end(boolean aborted) {
        if (!aborted || context.response().headWritten()) {
            entry(aborted).ifPresent(trail);
        } else if (action != null) {
            Map<String, String> fields = LogContext.fields();
            Gone left = new Gone(origin(), fields.get(LogContext.SANDBOX_ID), fields.get(LogContext.JOB_ID));
            boolean ended;
            synchronized (this) {
                gone = left;
                ended = working == 0;
            }
            if (ended) {
                trail.accept(entry(left));
            }
        }
    }

    /** Of a caller who was gone before the answer came. */
    private Entry entry(Gone left) {
        Came known;
        synchronized (this) {
            known = came;
        }
        return Entry.of(
                        Objects.requireNonNull(action),
                        known == null ? Outcome.UNKNOWN : known.outcome(),
                        left.origin())
                .code(known == null || known.code() == null ? "client_gone" : known.code())
                .answered(null, request())
                .job(sandboxId == null ? left.sandboxId() : sandboxId, jobId == null ? left.jobId() : jobId)
                .ran(command, promptLength)
                .exitCode(exitCode)
                .took(Duration.ofNanos(System.nanoTime() - begun))
                .build();
    }

    private String request() {
        return context.request().method() + " " + context.normalizedPath();
    }

    /** What is to be told of what has been answered; empty for what is not audited. */
    private Optional<Entry> entry(boolean aborted) {
        int status = context.response().getStatusCode();
        ProblemCode code = Problem.answered(context);
        Action known = action;
        if (known == null && context.normalizedPath().equals(STREAM)) {
            known = Action.CONNECT;
            if (status < 400) {
                // A connection that is made is told of by itself.
                return Optional.empty();
            }
        }
        if (known == null) {
            if (!TELLING.contains(status) && (code == null || !NOT_THEIRS.contains(code))) {
                return Optional.empty();
            }
            known = Action.OTHER;
        }
        Map<String, String> fields = LogContext.fields();
        return Optional.of(Entry.of(known, Outcome.ofStatus(status), origin())
                .code(code != null ? code.code() : aborted ? "client_gone" : null)
                .answered(status, request())
                .job(fields.get(LogContext.SANDBOX_ID), fields.get(LogContext.JOB_ID))
                .ran(command, promptLength)
                .exitCode(exitCode)
                .took(Duration.ofNanos(System.nanoTime() - begun))
                .build());
    }
}
