package dev.omni.soak;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.local.Operation;
import dev.omni.daytona.local.Traffic;
import dev.omni.soak.ResumingClient.Route;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jboss.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What readers may cost: a server with very little memory serves the slow, the many and the large. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class BoundsIT {
    private static final Logger LOG = Logger.getLogger(BoundsIT.class);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int SLEEPERS = 8;
    private static final long LINES = Effort.MEGABYTES * 1_000_000L / NumberedLines.LINE;

    private static final CountDownLatch AWAKE = new CountDownLatch(0);

    private final Service service = new Service(
            1,
            Map.of(
                    // Who sleeps answers no pings and takes nothing: here it may, for as long as the others need.
                    "OMNI_STREAM_PONG_TIMEOUT", "1H",
                    "OMNI_STREAM_SLOW_READER_AFTER", "1H",
                    // A job that waits for all its readers is quiet, and its stream is not to be replaced meanwhile.
                    "OMNI_JOB_QUIET_AFTER", "1H"));
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    BoundsIT() throws Exception {}

    @AfterAll
    void end() throws IOException {
        threads.shutdownNow();
        service.close();
    }

    @Test
    void readersThatSleepCostNoMemoryAndGetEverythingWhenTheyWake() {
        Owner owner = service.owner("sleepers");
        JobAddress job = owner.start(service.replica(0), "read -r _; " + NumberedLines.command(0, LINES));
        CountDownLatch asleep = new CountDownLatch(1);
        List<ResumingClient> sleepers = readers(job, SLEEPERS, asleep);
        List<CompletableFuture<Void>> sleeping = start(sleepers);
        List<ResumingClient> current = readers(job, 2, AWAKE);
        List<CompletableFuture<Void>> reading = start(current);

        owner.goOn(service.replica(0), job);

        join(reading);
        assertThat(current).allSatisfy(reader -> requireLines(reader, LINES));
        assertThat(sleepers)
                .allSatisfy(reader -> assertThat(reader.transcript().messages()).isZero());
        asleep.countDown();
        join(sleeping);
        assertThat(sleepers).allSatisfy(reader -> {
            requireLines(reader, LINES);
            // On the connection on which they slept: it was never given up.
            assertThat(reader.disconnects()).isZero();
        });
    }

    @Test
    void hundredsOfSubscribersCostOneStreamOfDaytonas() {
        Owner owner = service.owner("subscribers");
        Traffic traffic = service.daytona().traffic();
        int before = traffic.requests(Operation.FOLLOW_LOG);
        JobAddress job = owner.start(
                service.replica(0), NumberedLines.command(0, 500) + "; read -r _; " + NumberedLines.command(500, 1000));
        List<ResumingClient> readers = IntStream.range(0, Effort.SUBSCRIBERS)
                .mapToObj(i -> reader(new WebSocketTransport(), job, AWAKE))
                .toList();
        List<CompletableFuture<Void>> reading = start(readers);
        await().atMost(PATIENCE)
                .until(() ->
                        readers.stream().allMatch(reader -> reader.transcript().messages() > 0));
        owner.goOn(service.replica(0), job);
        join(reading);

        assertThat(readers).allSatisfy(reader -> requireLines(reader, 1000));
        assertThat(traffic.requests(Operation.FOLLOW_LOG) - before).isEqualTo(1);
    }

    @Test
    void outputBeyondTheLimitEndsVisiblyAndTheJobGoesOnToItsEnd() throws Exception {
        int limit = 1 << 20;
        try (Service small = new Service(1, Map.of("OMNI_JOB_SPOOL_MAX_PER_JOB", Integer.toString(limit)))) {
            Owner owner = small.owner("limit");
            // The limit is one of Daytona's log, in which each line stands behind three bytes.
            int entry = 3 + NumberedLines.LINE;
            int inTheLastLine = limit % entry - 3;
            assertThat(printed(small, owner, "", limit))
                    .isEqualTo(NumberedLines.lines(limit / entry + 1)
                            .substring(0, limit / entry * NumberedLines.LINE + inTheLastLine));
            // A first line that moves the others, so that the limit falls among those three bytes.
            String first = "x".repeat(inTheLastLine - 3);
            assertThat(printed(small, owner, first, limit))
                    .isEqualTo(first + "\n" + NumberedLines.lines(limit / entry).stripTrailing());
        }
    }

    /** What comes on stdout of a job that prints more than the limit and ends with 7. */
    private String printed(Service small, Owner owner, String first, int limit) {
        ByteArrayOutputStream stdout = new ByteArrayOutputStream();
        ByteArrayOutputStream stderr = new ByteArrayOutputStream();
        String command = (first.isEmpty() ? "" : "echo " + first + "; ")
                + NumberedLines.command(0, 3L * limit / NumberedLines.LINE)
                + "; exit 7";
        // Comes back after every message, that of the limit too.
        ResumingClient reader = new ResumingClient(
                new WebSocketTransport(),
                owner.start(small.replica(0), command),
                () -> new Route(small.replica(0), 1),
                new Transcript(stdout, stderr));

        join(start(List.of(reader)));

        // A newline on either may set the message off from a line that the limit cuts.
        assertThat(stderr.toString(UTF_8).strip())
                .isEqualTo("omni: output beyond %d bytes is not streamed".formatted(limit));
        assertThat(reader.transcript().exitCode()).isEqualTo(7);
        String text = stdout.toString(UTF_8);
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }

    /** Four jobs need more than a replica has for all: those that find no room in time are told so, and all end. */
    @Test
    void aReplicaWithoutRoomForMoreOutputSaysSoAndKeepsNoJobFromItsEnd() throws Exception {
        int lines = 700_000 / NumberedLines.LINE;
        try (Service tight = new Service(
                1,
                Map.of(
                        "OMNI_JOB_SPOOL_MAX_PER_JOB", "1M",
                        "OMNI_JOB_SPOOL_MAX_TOTAL", "2M",
                        "OMNI_JOB_SPOOL_MAX_WAIT", "500MS"))) {
            List<ByteArrayOutputStream> stdouts = new ArrayList<>();
            List<ByteArrayOutputStream> stderrs = new ArrayList<>();
            List<ResumingClient> readers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                stdouts.add(new ByteArrayOutputStream());
                stderrs.add(new ByteArrayOutputStream());
                readers.add(new ResumingClient(
                        new WebSocketTransport(),
                        tight.owner("tight-" + i).start(tight.replica(0), NumberedLines.command(0, lines) + "; exit 7"),
                        () -> new Route(tight.replica(0), 1),
                        new Transcript(stdouts.get(i), stderrs.get(i))));
            }

            join(start(readers));

            assertThat(readers)
                    .allSatisfy(
                            reader -> assertThat(reader.transcript().exitCode()).isEqualTo(7));
            String whole = NumberedLines.lines(lines);
            List<String> told = stderrs.stream()
                    .map(stderr -> stderr.toString(UTF_8).strip())
                    .filter(stderr -> !stderr.isEmpty())
                    .toList();
            assertThat(told)
                    .isNotEmpty()
                    .allSatisfy(notice -> assertThat(notice).matches("omni: output beyond \\d+ bytes is not streamed"));
            assertThat(stdouts)
                    .allSatisfy(stdout ->
                            assertThat(whole).startsWith(stdout.toString(UTF_8).stripTrailing()));
            assertThat(stdouts.stream().filter(stdout -> stdout.toString(UTF_8).equals(whole)))
                    .hasSize(4 - told.size());
        }
    }

    @Test
    void everyJobIsSeenToEnd() {
        Owner owner = service.owner("ends");
        List<Duration> delays = new ArrayList<>();
        for (int i = 0; i < Effort.TIMED_JOBS; i++) {
            JobAddress job = owner.start(service.replica(0), "echo ready; read -r _; date +%s%N >&2");
            ByteArrayOutputStream stderr = new ByteArrayOutputStream();
            ResumingClient reader = new ResumingClient(
                    new WebSocketTransport(), job, this::route, new Transcript(new ByteArrayOutputStream(), stderr));
            List<CompletableFuture<Void>> reading = start(List.of(reader));
            await().atMost(PATIENCE).until(() -> reader.transcript().messages() > 0);
            owner.goOn(service.replica(0), job);
            join(reading);
            Instant seen = Instant.now();
            assertThat(reader.transcript().exitCode()).isZero();
            Instant exited = Instant.EPOCH.plusNanos(
                    Long.parseLong(stderr.toString(UTF_8).strip()));
            delays.add(Duration.between(exited, seen));
        }
        // A report, not a promise: how long it takes depends on the machine.
        delays.sort(Comparator.naturalOrder());
        LOG.infof(
                "From a command's last act to its done, of %d jobs: median %d ms, 95 %% %d ms, most %d ms",
                delays.size(),
                delays.get(delays.size() / 2).toMillis(),
                delays.get(delays.size() * 95 / 100).toMillis(),
                delays.getLast().toMillis());
    }

    private List<ResumingClient> readers(JobAddress job, int count, CountDownLatch awake) {
        return IntStream.range(0, count)
                .mapToObj(i -> reader(i % 2 == 0 ? new WebSocketTransport() : new EventStreamTransport(), job, awake))
                .toList();
    }

    private ResumingClient reader(Transport transport, JobAddress job, CountDownLatch awake) {
        return new ResumingClient(
                transport, job, this::route, new Transcript(new NumberedLines(awake), OutputStream.nullOutputStream()));
    }

    private static void requireLines(ResumingClient reader, long lines) {
        assertThat(reader.transcript().exitCode()).isZero();
        assertThat(reader.transcript().stdout())
                .isInstanceOfSatisfying(
                        NumberedLines.class,
                        stdout -> assertThat(stdout.checked()).isEqualTo(lines * NumberedLines.LINE));
    }

    private Route route() {
        return Route.to(service.replica(0));
    }

    private List<CompletableFuture<Void>> start(List<ResumingClient> readers) {
        return readers.stream().map(reader -> reader.start(threads)).toList();
    }

    private static void join(List<CompletableFuture<Void>> reading) {
        CompletableFuture.allOf(reading.toArray(CompletableFuture[]::new)).join();
    }
}
