package dev.omni.stream;

import dev.omni.audit.Action;
import dev.omni.audit.Entry;
import dev.omni.audit.Origin;
import dev.omni.audit.Outcome;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What the audit trail is told of one connection. */
record ConnectionTrail(Consumer<Entry> trail, Origin origin) {
    void connected() {
        trail.accept(Entry.of(Action.CONNECT, Outcome.OK, origin).build());
    }

    void limited(Action action) {
        trail.accept(Entry.of(action, Outcome.LIMITED, origin)
                .code(ProblemCode.RATE_LIMITED.code())
                .build());
    }

    /** Something done to a job, told of when it is known what came of it. */
    Uni<Void> of(Action action, JobKey job, Uni<Void> deed) {
        return Uni.createFrom().deferred(() -> {
            long begun = System.nanoTime();
            return deed.onItemOrFailure().invoke((done, failure) -> tell(action, job, failure, begun));
        });
    }

    /** A look at a job, told of when it is refused as that of nobody or somebody else. */
    <T> Uni<T> refusalsOf(JobKey job, Uni<T> look) {
        return Uni.createFrom().deferred(() -> {
            long begun = System.nanoTime();
            return look.onFailure(ConnectionTrail::isRefusal)
                    .invoke(failure -> tell(Action.OTHER, job, failure, begun));
        });
    }

    private void tell(Action action, JobKey job, @Nullable Throwable failure, long begun) {
        ProblemCode code = failure == null
                ? null
                : failure instanceof ProblemException problem ? problem.code() : ProblemCode.INTERNAL_ERROR;
        trail.accept(Entry.of(action, code == null ? Outcome.OK : Outcome.of(code), origin)
                .code(code == null ? null : code.code())
                .job(job.sandboxId(), job.jobId().toString())
                .took(Duration.ofNanos(System.nanoTime() - begun))
                .build());
    }

    private static boolean isRefusal(Throwable failure) {
        return failure instanceof ProblemException problem
                && (problem.code() == ProblemCode.SANDBOX_NOT_FOUND
                        || problem.code() == ProblemCode.JOB_NOT_FOUND
                        || Outcome.of(problem.code()) == Outcome.LIMITED);
    }
}
