package dev.omni.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.local.LocalDaytona;
import dev.omni.identity.Caller;
import dev.omni.sandbox.Sandboxes;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Any number of readers of a job cost one. */
@QuarkusTest
class SharedReadingTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @Inject
    Jobs jobs;

    @Inject
    Sandboxes sandboxes;

    @Inject
    LocalDaytona daytona;

    private JobCalls alice;

    @BeforeEach
    void createSandbox() {
        alice = JobCalls.ofSomebody();
    }

    @Test
    void readersThatAreCloseToEachOtherAreGivenTheSameEvents() {
        String job = alice.started("for i in $(seq 1 9000); do echo out $i; echo err $i >&2; done; exit 3");
        alice.ended(job);

        List<JobEvent> one = read(job);
        List<JobEvent> other = read(job);

        assertThat(one).hasSizeGreaterThan(4).last().isInstanceOf(JobEvent.Done.class);
        List<JobEvent> logs =
                one.stream().filter(JobEvent.Log.class::isInstance).toList();
        assertThat(logs)
                .zipSatisfy(
                        other.subList(0, logs.size()),
                        (event, same) -> assertThat(event).isSameAs(same));
    }

    @Test
    void aHundredReadersOfARunningJobAreOneStreamUpstream() {
        int before = daytona.traffic().openFollows();
        String job = alice.started("echo begun; until [ -e go ]; do sleep 0.05; done; echo ended");
        var endings = IntStream.range(0, 100)
                .mapToObj(i -> stream(job).events().collect().asList().subscribeAsCompletionStage())
                .toList();
        await().until(() -> daytona.traffic().openFollows() - before <= 1);
        alice.stdout("touch go");

        assertThat(endings)
                .allSatisfy(ending -> assertThat(ending.join().getLast()).isInstanceOf(JobEvent.Done.class));
    }

    @Test
    void aJobThatPretendsToBeAnotherUsersIsNotReadAsThat() {
        String job = alice.started("echo secret; until [ -e go ]; do sleep 0.05; done");
        alice.awaitOutput(job, "secret");
        UUID id = UUID.fromString(job);
        JobCalls bob = JobCalls.ofSomebody();
        Caller bobsCaller = new Caller(bob.userId(), Set.of());
        String header = new JobHeader(JobKind.COMMAND, System.currentTimeMillis(), 60, false, "").line();
        var toolbox = sandboxes
                .access(bobsCaller, bob.sandboxId())
                .await()
                .atMost(PATIENCE)
                .toolbox();
        toolbox.createSession(JobRecords.sessionOf(id))
                .chain(() -> toolbox.start(JobRecords.sessionOf(id), header + "\necho mine"))
                .await()
                .atMost(PATIENCE);

        List<JobEvent> seen = jobs.events(bobsCaller, bob.sandboxId(), id, null)
                .await()
                .atMost(PATIENCE)
                .events()
                .collect()
                .asList()
                .await()
                .atMost(PATIENCE);

        assertThat(seen)
                .filteredOn(JobEvent.Log.class::isInstance)
                .extracting(event -> ((JobEvent.Log) event).data())
                .containsExactly("mine\n");
        alice.stdout("touch go");
    }

    private List<JobEvent> read(String job) {
        return stream(job).events().collect().asList().await().atMost(PATIENCE);
    }

    private JobStream stream(String job) {
        return jobs.events(new Caller(alice.userId(), Set.of()), alice.sandboxId(), UUID.fromString(job), null)
                .await()
                .atMost(PATIENCE);
    }
}
