package dev.omni.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.Faults;
import dev.omni.daytona.local.Operation;
import dev.omni.soak.CuttableRelay.Manner;
import dev.omni.soak.ResumingClient.Route;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Whatever breaks, every reader gets what the command printed, every byte once and in order, and its end. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class ResumingIT {
    private static final Logger LOG = Logger.getLogger(ResumingIT.class);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** A script has no room for many more. */
    private static final int MOST_CUTS_OF_ONE_READER = 25;

    private static final List<Manner> MANNERS = List.of(Manner.values());

    /** A stream of Daytona's that stalls is not waited for longer than a test needs. */
    private final Service service = new Service(2, Map.of("OMNI_JOB_QUIET_AFTER", "1S"));

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    ResumingIT() throws Exception {}

    @AfterAll
    void end() throws IOException {
        threads.shutdownNow();
        service.close();
    }

    @Test
    void everyByteComesOnceHoweverOftenConnectionsAreCut() throws Exception {
        Random random = Effort.random("cut connections");
        Owner owner = service.owner("cut");
        int cuts = 0;
        while (cuts < Effort.DISCONNECTS) {
            Script script = Script.of(random.nextLong(), 3);
            JobAddress job = owner.start(service.replica(0), script);
            List<CuttableRelay> relays = new ArrayList<>();
            List<ResumingClient> readers = new ArrayList<>();
            int each = Math.min(
                    MOST_CUTS_OF_ONE_READER,
                    1 + (Effort.DISCONNECTS - cuts) / transports().size());
            for (Transport transport : transports()) {
                CuttableRelay relay = new CuttableRelay(service.replica(readers.size() % 2));
                relays.add(relay);
                readers.add(new ResumingClient(transport, job, cutBy(relay, each, new Random(random.nextLong()))));
            }
            try {
                readToTheEnd(readers, script);
            } finally {
                for (CuttableRelay relay : relays) {
                    relay.close();
                }
            }
            cuts += disconnects(readers);
        }
        LOG.infof("%d connections of readers were cut, and no byte was lost", cuts);
    }

    @Test
    void aCommandThatPrintsNothingHasAnEndAllTheSame() {
        Random random = Effort.random("silent");
        Script script = Script.silent(random.nextLong());
        JobAddress job = service.owner("silent").start(service.replica(0), script);
        readToTheEnd(
                transports().stream()
                        .map(transport -> new ResumingClient(transport, job, () -> Route.to(service.replica(1))))
                        .toList(),
                script);
    }

    @Test
    void everyByteComesOnceHoweverOftenDaytonasStreamBreaks() {
        Random random = Effort.random("breaking streams");
        Owner owner = service.owner("upstream");
        int breaks = 0;
        while (breaks < Effort.BREAKS) {
            // The last part waits until all faults have been met.
            Script script = Script.gated(random.nextLong(), 2);
            String command = owner.prepare(service.replica(0), script);
            int before = followed();
            int faults = breakFollowing(random, script.data().length, breaks % 2 == 0);
            JobAddress job = owner.start(service.replica(0), command);
            List<ResumingClient> readers = transports().stream()
                    .map(transport -> new ResumingClient(transport, job, () -> Route.to(service.replica(0))))
                    .toList();
            List<CompletableFuture<Void>> reading = start(readers);
            await().atMost(PATIENCE).until(() -> followed() > before + faults);
            owner.goOn(service.replica(0), job);
            breakEnding();
            join(reading);
            readers.forEach(reader -> reader.require(script));
            breaks += faults;
            faults().clear();
        }
        LOG.infof("%d streams of Daytona's broke, and no byte was lost", breaks);
    }

    @Test
    void linesComeThoughDaytonasStreamHasFallenSilent() {
        Owner owner = service.owner("stalled");
        faults().on(Operation.FOLLOW_LOG).once(Fault.stalledAfter(12));
        JobAddress job = owner.start(service.replica(0), "echo before; read -r _; echo behind; read -r _");
        ResumingClient reader = new ResumingClient(new WebSocketTransport(), job, () -> Route.to(service.replica(0)));
        List<CompletableFuture<Void>> reading = start(List.of(reader));
        await().atMost(PATIENCE).until(() -> reader.transcript().messages() == 1);

        owner.goOn(service.replica(0), job);

        // The job itself goes on only when the line has come: its end cannot have brought it.
        await().atMost(PATIENCE).until(() -> reader.transcript().messages() == 2);
        owner.goOn(service.replica(0), job);
        join(reading);
    }

    @Test
    void readersGoOnElsewhereWhenTheirReplicaIsKilledOrShutsDownUnderLoad() throws Exception {
        Random random = Effort.random("replicas");
        Owner owner = service.owner("replicas");
        int cuts = 0;
        for (int round = 0; round < Effort.KILLS; round++) {
            List<Followed> jobs = new ArrayList<>();
            for (int i = 0; i < Effort.JOBS_UNDER_LOAD; i++) {
                Script script = Script.gated(random.nextLong(), 3);
                JobAddress job = owner.start(service.replica(i % 2), script);
                List<ResumingClient> readers = transports().stream()
                        .map(transport -> new ResumingClient(transport, job, anyReplica(new Random(random.nextLong()))))
                        .toList();
                jobs.add(new Followed(script, job, readers));
            }
            List<CompletableFuture<Void>> reading =
                    jobs.stream().flatMap(job -> start(job.readers()).stream()).toList();

            await().atMost(PATIENCE).until(() -> jobs.stream().allMatch(job -> messages(job.readers()) > 0));
            service.kill(0);
            service.restart(0);

            CompletableFuture<Void> shutdown = CompletableFuture.runAsync(() -> service.terminate(1), threads);
            jobs.forEach(job -> owner.goOn(service.replica(0), job.address()));
            shutdown.join();
            service.restart(1);

            jobs.forEach(job -> owner.goOn(service.replica(1), job.address()));
            join(reading);
            for (Followed job : jobs) {
                job.readers().forEach(reader -> reader.require(job.script()));
                cuts += disconnects(job.readers());
            }
        }
        assertThat(cuts).isPositive();
        LOG.infof("%d replicas ended, which cut %d connections, and no byte was lost", 2 * Effort.KILLS, cuts);
    }

    private record Followed(Script script, JobAddress address, List<ResumingClient> readers) {}

    private static List<Transport> transports() {
        return List.of(
                new WebSocketTransport(),
                new WebSocketTransport(),
                new EventStreamTransport(),
                new EventStreamTransport(),
                new OutputTransport(false),
                new OutputTransport(true));
    }

    /** Cuts so many connections, each in one of all ways, and lets the next one live. */
    private static Supplier<Route> cutBy(CuttableRelay relay, int cuts, Random random) {
        AtomicInteger left = new AtomicInteger(cuts);
        return () -> {
            relay.spareNext();
            if (left.getAndDecrement() <= 0) {
                return Route.to(relay.uri());
            }
            if (random.nextInt(4) == 0) {
                return new Route(relay.uri(), random.nextInt(1, 10));
            }
            // From the first byte of the handshake to several messages, the small as likely as the large.
            long bytes = (long) Math.exp(random.nextDouble() * Math.log(300_000));
            relay.cutNext(bytes, MANNERS.get(random.nextInt(MANNERS.size())));
            return Route.to(relay.uri());
        };
    }

    private Supplier<Route> anyReplica(Random random) {
        return () -> Route.to(service.replica(random.nextInt(2)));
    }

    /** Says how many streams of the next job will break; another may stall for good behind them. */
    private int breakFollowing(Random random, int bytes, boolean stall) {
        int count = random.nextInt(6, 12);
        // Rising, so that each brings something and the next is not waited for.
        int[] places = random.ints(count, 0, bytes / 2).sorted().toArray();
        for (int place : places) {
            Fault fault = switch (random.nextInt(7)) {
                case 0, 1 -> Fault.closedAfter(place);
                case 2, 3 -> Fault.droppedAfter(place);
                case 4 -> Fault.status(random.nextBoolean() ? 502 : 503);
                case 5 -> Fault.reset();
                default -> Fault.lostAnswer();
            };
            faults().on(Operation.FOLLOW_LOG).once(fault);
        }
        if (stall) {
            faults().on(Operation.FOLLOW_LOG).once(Fault.stalledAfter(bytes / 2));
        }
        return count;
    }

    /** What the end of a job is learnt from fails a few times, for whoever asks for it first. */
    private void breakEnding() {
        for (Fault fault : List.of(
                Fault.status(503),
                Fault.reset(),
                Fault.delay(Duration.ofMillis(300)),
                Fault.tooManyRequests("authenticated", 1),
                Fault.lostAnswer())) {
            faults().on(Operation.GET_COMMAND).once(fault);
            faults().on(Operation.GET_LOG).once(fault);
            faults().on(Operation.DOWNLOAD_FILE).once(fault);
        }
    }

    private Faults faults() {
        return service.daytona().faults();
    }

    private int followed() {
        return service.daytona().traffic().requests(Operation.FOLLOW_LOG);
    }

    private void readToTheEnd(List<ResumingClient> readers, Script script) {
        join(start(readers));
        readers.forEach(reader -> reader.require(script));
    }

    private List<CompletableFuture<Void>> start(List<ResumingClient> readers) {
        return readers.stream().map(reader -> reader.start(threads)).toList();
    }

    private static void join(List<CompletableFuture<Void>> reading) {
        CompletableFuture.allOf(reading.toArray(CompletableFuture[]::new)).join();
    }

    private static long messages(List<ResumingClient> readers) {
        return readers.stream()
                .mapToLong(reader -> reader.transcript().messages())
                .sum();
    }

    private static int disconnects(List<ResumingClient> readers) {
        return readers.stream().mapToInt(ResumingClient::disconnects).sum();
    }
}
