package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.job.JobEvent;
import dev.omni.job.JobStatus;
import dev.omni.job.JobStream;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The loop of one subscription, on a loop of the test's own: nothing happens but what {@link #settle} lets happen. */
class SubscriptionsTest {
    private static final JobKey JOB = new JobKey("box", UUID.randomUUID());

    private final Queue<Runnable> loop = new ArrayDeque<>();
    private final List<ServerMessage> sent = new ArrayList<>();
    private final Queue<UniEmitter<? super Void>> undrained = new ArrayDeque<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final AtomicInteger pulled = new AtomicInteger();
    private boolean readerIsSlow;

    private final Subscriptions subscriptions = new Subscriptions(2, 1, loop::add, outlet());

    @Test
    void aReaderGetsEveryEventInOrder() {
        subscriptions.follow(JOB, () -> stream("", 5));
        settle();

        assertThat(cursors()).containsExactly("1", "2", "3", "4", "5", "end");
    }

    @Test
    void aSlowReaderIsNotSentTheNextWindowBeforeThePreviousDrained() {
        readerIsSlow = true;
        subscriptions.follow(JOB, () -> stream("", 5));
        settle();
        assertThat(cursors()).containsExactly("1");
        assertThat(pulled).hasValue(2);

        drainOne();
        assertThat(cursors()).containsExactly("1", "2");
        assertThat(pulled).hasValue(3);
    }

    @Test
    void aSmallWindowOfManyEventsIsWrittenAtOnce() {
        readerIsSlow = true;
        var wide = new Subscriptions(2, 3, loop::add, outlet());
        wide.follow(JOB, () -> stream("", 5));
        settle();
        assertThat(cursors()).containsExactly("1", "2", "3");

        drainOne();
        assertThat(cursors()).containsExactly("1", "2", "3", "4");
    }

    @Test
    void theJobsOfOneConnectionTakeTurns() {
        readerIsSlow = true;
        subscriptions.follow(JOB, () -> stream("flood", 3));
        settle();
        subscriptions.follow(new JobKey("box", UUID.randomUUID()), () -> stream("trickle", 1));
        settle();
        while (!undrained.isEmpty()) {
            drainOne();
        }

        assertThat(cursors()).containsExactly("flood1", "flood2", "trickle1", "flood3", "trickleend", "floodend");
    }

    @Test
    void doneIsLastAndOnce() {
        subscriptions.follow(JOB, () -> stream("", 3));
        subscriptions.follow(JOB, () -> stream("again", 3));
        settle();

        assertThat(sent.getLast()).isInstanceOf(ServerMessage.Done.class);
        assertThat(sent).filteredOn(ServerMessage.Done.class::isInstance).hasSize(1);
    }

    @Test
    void aSubscribeIsAnsweredBeforeTheEvents() {
        answer(subscriptions.subscribe(JOB, () -> stream("", 2)));
        settle();

        assertThat(sent.getFirst()).isEqualTo(new ServerMessage.Subscribed(JOB.sandboxId(), JOB.jobId(), "0"));
        assertThat(cursors()).containsExactly("0", "1", "2", "end");
    }

    @Test
    void resubscribingReplacesWithoutDuplicates() {
        readerIsSlow = true;
        subscriptions.follow(JOB, () -> stream("old", 5));
        settle();
        drainOne();

        answer(subscriptions.subscribe(JOB, () -> stream("new", 2)));
        settle();
        readerIsSlow = false;
        while (!undrained.isEmpty()) {
            drainOne();
        }

        assertThat(cursors()).containsExactly("old1", "old2", "new0", "new1", "new2", "newend");
    }

    @Test
    void aSubscribeThatFailsLeavesTheEarlierOneAlone() {
        readerIsSlow = true;
        subscriptions.follow(JOB, () -> stream("", 2));
        settle();

        List<Throwable> refused = new ArrayList<>();
        subscriptions
                .subscribe(JOB, () -> Uni.createFrom().failure(notFound()))
                .subscribe()
                .with(ok -> {}, refused::add);
        settle();
        readerIsSlow = false;
        drainOne();

        assertThat(refused).hasSize(1);
        assertThat(cursors()).containsExactly("1", "2", "end");
    }

    @Test
    void nothingIsSentAfterAnUnsubscribe() {
        readerIsSlow = true;
        subscriptions.follow(JOB, () -> stream("", 5));
        settle();

        subscriptions.unsubscribe(JOB);
        drainOne();

        assertThat(cursors()).containsExactly("1");
    }

    @Test
    void nothingIsSentAfterTheConnectionClosed() {
        readerIsSlow = true;
        subscriptions.follow(JOB, () -> stream("", 5));
        settle();

        subscriptions.close();
        drainOne();
        subscriptions.follow(new JobKey("box", UUID.randomUUID()), () -> stream("late", 1));
        settle();

        assertThat(cursors()).containsExactly("1");
    }

    @Test
    void aJobThatCannotBeFollowedIsReported() {
        subscriptions.follow(JOB, () -> Uni.createFrom().failure(notFound()));
        settle();

        assertThat(failures).hasSize(1);
        assertThat(sent).isEmpty();
    }

    @Test
    void aFullConnectionRefusesFurtherJobsAndTakesThemOnceOthersHaveEnded() {
        readerIsSlow = true;
        subscriptions.follow(JOB, () -> stream("a", 1));
        subscriptions.follow(new JobKey("box", UUID.randomUUID()), () -> stream("b", 1));
        settle();

        var third = new JobKey("box", UUID.randomUUID());
        subscriptions.follow(third, () -> stream("c", 0));
        answer(subscriptions.subscribe(third, () -> stream("c", 0)));
        settle();
        assertThat(sent)
                .filteredOn(ServerMessage.Failure.class::isInstance)
                .hasSize(2)
                .allSatisfy(message ->
                        assertThat(((ServerMessage.Failure) message).code()).isEqualTo("too_many_subscriptions"));

        readerIsSlow = false;
        while (!undrained.isEmpty()) {
            drainOne();
        }
        answer(subscriptions.subscribe(third, () -> stream("c", 0)));
        settle();
        assertThat(cursors()).endsWith("c0", "cend");
    }

    private Subscriptions.Outlet outlet() {
        return new Subscriptions.Outlet() {
            @Override
            public Uni<Void> send(ServerMessage message) {
                return SubscriptionsTest.this.send(message);
            }

            @Override
            public int write(JobKey job, JobEvent event, IntConsumer drained) {
                SubscriptionsTest.this
                        .send(ServerMessage.of(job, event))
                        .subscribe()
                        .with(done -> drained.accept(1), gone -> drained.accept(1));
                return 1;
            }

            @Override
            public void flush() {}

            @Override
            public void failed(JobKey job, Throwable failure) {
                failures.add(failure);
            }
        };
    }

    private Uni<JobStream> stream(String prefix, int logs) {
        Multi<JobEvent> events = Multi.createBy()
                .concatenating()
                .streams(
                        Multi.createFrom().items(IntStream.rangeClosed(1, logs).mapToObj(i -> (JobEvent)
                                new JobEvent.Log(prefix + i, Instant.now(), JobEvent.OutputStream.STDOUT, "", false))),
                        Multi.createFrom()
                                .item(new JobEvent.Done(prefix + "end", Instant.now(), 0, JobStatus.SUCCEEDED)));
        return Uni.createFrom().item(new JobStream(prefix + "0", events.invoke(event -> pulled.incrementAndGet())));
    }

    private static ProblemException notFound() {
        return new ProblemException(ProblemCode.JOB_NOT_FOUND, "no such job");
    }

    private Uni<Void> send(ServerMessage message) {
        return Uni.createFrom().emitter(emitter -> {
            sent.add(message);
            if (readerIsSlow) {
                undrained.add(emitter);
            } else {
                emitter.complete(null);
            }
        });
    }

    private void answer(Uni<Void> operation) {
        operation.subscribe().with(answered -> {}, failures::add);
    }

    private void drainOne() {
        undrained.remove().complete(null);
        settle();
    }

    private void settle() {
        for (Runnable task = loop.poll(); task != null; task = loop.poll()) {
            task.run();
        }
    }

    private List<String> cursors() {
        return sent.stream()
                .flatMap(message -> switch (message) {
                    case ServerMessage.Log log -> java.util.stream.Stream.of(log.cursor());
                    case ServerMessage.Done done -> java.util.stream.Stream.of(done.cursor());
                    case ServerMessage.Subscribed subscribed -> java.util.stream.Stream.of(subscribed.cursor());
                    default -> java.util.stream.Stream.<String>empty();
                })
                .toList();
    }
}
