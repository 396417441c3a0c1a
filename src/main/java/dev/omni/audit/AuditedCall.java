package dev.omni.audit;

import dev.omni.identity.Caller;
import dev.omni.observe.LogContext;
import dev.omni.problem.Problem;
import dev.omni.problem.ProblemCode;
import io.quarkus.vertx.http.runtime.security.QuarkusHttpUser;
import io.smallrye.common.vertx.ContextLocals;
import io.smallrye.common.vertx.VertxContext;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The call that is being worked on, as far as its line in the trail needs to know it. It lives in the Vert.x context of the
 * request. Whoever knows more of it than its address tells it here; what it comes to is seen when it is answered.
 */
public final class AuditedCall {
    private static final String KEY = AuditedCall.class.getName();
    private static final String STREAM = "/ws";

    /** What an unaudited call is told of when it is answered so: somebody tries what is not theirs, or too much. */
    private static final Set<Integer> TELLING = Set.of(401, 403, 422, 429);

    private static final Set<ProblemCode> NOT_THEIRS = Set.of(ProblemCode.SANDBOX_NOT_FOUND, ProblemCode.JOB_NOT_FOUND);

    private final RoutingContext context;
    private final @Nullable String address;
    private final long begun = System.nanoTime();

    // Written on the threads that work for the request, one after the other, and read at its end.
    private volatile @Nullable Action action;
    private volatile @Nullable String command;
    private volatile @Nullable Integer promptLength;
    private volatile @Nullable Integer exitCode;

    /** @param address where it comes from; empty where that cannot be told */
    AuditedCall(RoutingContext context, String address) {
        this.context = context;
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

    /** What is to be told now that it has been answered, or never will be; empty for what is not audited. */
    Optional<Entry> entry(boolean aborted) {
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
        return Optional.of(Entry.of(known, aborted ? Outcome.FAILED : Outcome.ofStatus(status), origin())
                .code(aborted ? "client_gone" : code == null ? null : code.code())
                .answered(status, context.request().method() + " " + context.normalizedPath())
                .job(fields.get(LogContext.SANDBOX_ID), fields.get(LogContext.JOB_ID))
                .ran(command, promptLength)
                .exitCode(exitCode)
                .took(Duration.ofNanos(System.nanoTime() - begun))
                .build());
    }
}
