package dev.omni.job;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jboss.logging.Logger;

/**
 * Jobs that were started here but are not read here, as when there are too many. Their ends are looked for now and then, so
 * that they do not count as running for longer than they run.
 */
@ApplicationScoped
class UnreadJobs {
    private static final Logger LOG = Logger.getLogger(UnreadJobs.class);

    /** Seldom: there are many of them when there are any. */
    private static final Duration PAUSE = Duration.ofSeconds(10);

    private final Vertx vertx;
    private final JobRecords records;

    UnreadJobs(Vertx vertx, JobRecords records) {
        this.vertx = vertx;
        this.records = records;
    }

    /** @param ended is told the end, once; when it cannot be known, that the job is lost */
    void await(JobRef job, Consumer<JobEnd> ended) {
        long jitter = ThreadLocalRandom.current().nextLong(PAUSE.toMillis() / 5);
        vertx.setTimer(PAUSE.toMillis() + jitter, timer -> look(job, ended));
    }

    private void look(JobRef job, Consumer<JobEnd> ended) {
        records.endOf(job).subscribe().with(end -> end.ifPresentOrElse(ended, () -> again(job, ended)), failure -> {
            LOG.debugf("The end of job %s cannot be seen: %s", job.id(), failure);
            if (failure instanceof ProblemException problem && problem.code() == ProblemCode.JOB_NOT_FOUND) {
                ended.accept(JobEnd.lost());
            } else {
                again(job, ended);
            }
        });
    }

    private void again(JobRef job, Consumer<JobEnd> ended) {
        if (Instant.now().isAfter(job.overdueAt())) {
            ended.accept(JobEnd.lost());
        } else {
            await(job, ended);
        }
    }
}
