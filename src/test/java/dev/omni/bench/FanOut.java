package dev.omni.bench;

import dev.omni.bench.LogMessage.Counting;
import dev.omni.bench.Report.Target;
import dev.omni.bench.Stack.User;
import dev.omni.packaged.PackagedApplication;
import io.vertx.core.Handler;
import io.vertx.core.http.WebSocketFrame;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How fast one job's output reaches many subscribers, beside a server that does nothing but send: the frames that one
 * subscriber of the application got are sent by that server to as many clients, and the same driver counts them. The two
 * take turns, as whatever else the machine does then befalls both.
 */
final class FanOut {
    /** Plays Claude Code: as many lines of its stream-json as the prompt says. In the home directory of the sandbox. */
    static final String PROMPT_PROGRAM = "./conversation";

    private static final String CONVERSATION = """
            cat > conversation <<'END'
            #!/bin/sh
            read -r n
            exec awk -v n="$n" 'BEGIN {
              for (i = 0; i < n; i++)
                printf "{\\"type\\":\\"assistant\\",\\"message\\":{\\"content\\":[{\\"type\\":\\"text\\",\\"text\\":\\"%%0%dd\\"}]}}\\n", i
            }'
            END
            chmod +x conversation
            """.formatted(Text.LENGTH);

    private final Stack stack;
    private final User user;
    private final ChildJvm bare;
    private final String bareUrl;
    private final Settings settings;
    private final Report report;

    private FanOut(Stack stack, User user, ChildJvm bare, Settings settings, Report report) throws IOException {
        this.stack = stack;
        this.user = user;
        this.bare = bare;
        this.bareUrl = bare.read("broadcast");
        this.settings = settings;
        this.report = report;
    }

    /** A job that prints much at once. */
    sealed interface Workload {
        JsonObject job();

        /** The length of its output, as it stands in messages. */
        long length();

        /** What is worth knowing of it. */
        List<Measure> measures();
    }

    /** A figure of a run. */
    record Measure(String title, String unit, ToDoubleFunction<Run> of) {
        static final Measure MIB_PER_SECOND =
                new Measure("throughput", "MiB/s", run -> run.bytes / 1048576.0 / run.seconds);
        static final Measure MESSAGES_PER_SECOND = new Measure("messages", "/s", run -> run.messages / run.seconds);
        static final Measure TIME_PER_GIB =
                new Measure("server time per GiB", "s", run -> run.cpuSeconds / (run.bytes / 1073741824.0));
        static final Measure TIME_PER_MILLION =
                new Measure("server time per million messages", "s", run -> run.cpuSeconds / (run.messages / 1e6));
        static final Measure DRIVER_TIME_PER_GIB =
                new Measure("driver time per GiB", "s", run -> run.driverSeconds / (run.bytes / 1073741824.0));
        static final Measure MESSAGE_SIZE =
                new Measure("message size", "bytes", run -> (double) run.bytes / run.messages);
    }

    /** Lines of 80 bytes, as fast as they can be read. */
    record Lines(long count) implements Workload {
        private static final int LENGTH = 80;

        static Lines ofBytes(long bytes) {
            return new Lines(bytes / LENGTH);
        }

        @Override
        public JsonObject job() {
            return new JsonObject()
                    .put(
                            "command",
                            "awk 'BEGIN { for (i = 0; i < %d; i++) printf \"%%0%dd\\n\", i }'"
                                    .formatted(count, LENGTH - 1));
        }

        @Override
        public long length() {
            // A newline is two characters in JSON.
            return count * (LENGTH + 1);
        }

        @Override
        public List<Measure> measures() {
            return List.of(
                    Measure.MIB_PER_SECOND, Measure.TIME_PER_GIB, Measure.DRIVER_TIME_PER_GIB, Measure.MESSAGE_SIZE);
        }
    }

    /** What an agent says, each of which is a message of its own. */
    record Text(long count) implements Workload {
        private static final int LENGTH = 100;

        @Override
        public JsonObject job() {
            return new JsonObject().put("prompt", new JsonObject().put("input", count + "\n"));
        }

        @Override
        public long length() {
            return count * (LENGTH + 2);
        }

        @Override
        public List<Measure> measures() {
            return List.of(Measure.MESSAGES_PER_SECOND, Measure.TIME_PER_MILLION, Measure.MESSAGE_SIZE);
        }
    }

    static void measure(Stack stack, PackagedApplication application, Settings settings, Report report)
            throws IOException, InterruptedException {
        report.section("Fan-out");
        User user = stack.user(application, "fanout");
        user.exec(CONVERSATION);
        for (int subscribers : settings.fanOut()) {
            // A server of its own for each, so that nobody is left over from before.
            try (ChildJvm bare = ChildJvm.start(BroadcastProcess.class, settings.serverOptions())) {
                var fanOut = new FanOut(stack, user, bare, settings, report);
                fanOut.compare(subscribers);
            }
        }
    }

    @SuppressWarnings("try") // They are open for as long as it lasts.
    private void compare(int count) throws IOException, InterruptedException {
        List<Subscriber> ours = Stream.generate(Subscriber::new).limit(count).toList();
        List<Subscriber> theirs = Stream.generate(Subscriber::new).limit(count).toList();
        String url = user.application().url("/ws").replaceFirst("^http", "ws");
        try (Sockets one = Sockets.open(stack, url, i -> user.token(), ours);
                Sockets other = Sockets.open(stack, bareUrl, i -> "", theirs)) {
            compare("output", Lines.ofBytes(settings.fanOutBytes() / count), ours, theirs);
            compare("messages", new Text(settings.fanOutMessages() / count), ours, theirs);
        }
    }

    private void compare(String name, Workload workload, List<Subscriber> ours, List<Subscriber> theirs)
            throws IOException, InterruptedException {
        String group = "fan-out of %s, %d subscribers".formatted(name, ours.size());
        Path frames = Files.createTempFile("frames", ".bin");
        List<Run> with = new ArrayList<>();
        List<Run> without = new ArrayList<>();
        try {
            // The first of either does not count.
            for (int round = 0; round <= settings.rounds(); round++) {
                with.add(application(workload, ours, frames));
                without.add(bare(workload, theirs, frames));
            }
        } finally {
            Files.delete(frames);
        }
        with.removeFirst();
        without.removeFirst();
        Target target = ours.size() == 500 ? Target.atLeast(0.6) : null;
        report.addRounds(group, "throughput, share of bare", shares(with, without, Measure.MIB_PER_SECOND), "", target);
        report.addRounds(group, "economy, share of bare", shares(without, with, Measure.TIME_PER_GIB), "", null);
        for (Measure measure : workload.measures()) {
            report.addRounds(group, measure.title, values(with, measure), measure.unit, null);
            report.addRounds(group, "bare: " + measure.title, values(without, measure), measure.unit, null);
        }
    }

    private static double[] values(List<Run> runs, Measure measure) {
        return runs.stream().mapToDouble(measure.of).toArray();
    }

    private static double[] shares(List<Run> runs, List<Run> of, Measure measure) {
        return IntStream.range(0, runs.size())
                .mapToDouble(i -> measure.of.applyAsDouble(runs.get(i)) / measure.of.applyAsDouble(of.get(i)))
                .toArray();
    }

    private Run application(Workload workload, List<Subscriber> subscribers, Path frames)
            throws IOException, InterruptedException {
        List<String> jobs = new ArrayList<>();
        Run run =
                run(user.application().pid(), workload, subscribers, true, () -> jobs.add(user.start(workload.job())));
        BroadcastProcess.save(subscribers.getFirst().counting().kept(), frames);
        Poll.until(() -> !user.status(jobs.getFirst()).equals("running"));
        subscribers.forEach(subscriber -> subscriber.counting().verify());
        return run;
    }

    private Run bare(Workload workload, List<Subscriber> subscribers, Path frames)
            throws IOException, InterruptedException {
        bare.write(frames.toString());
        bare.read("loaded");
        Run run = run(bare.pid(), workload, subscribers, false, () -> bare.write("go"));
        subscribers.forEach(subscriber -> subscriber.counting().verify());
        return run;
    }

    /** What makes a server send. */
    private interface Start {
        void send() throws IOException;
    }

    /** One round of one side; over as soon as every subscriber has got all. */
    private static Run run(
            long server, Workload workload, List<Subscriber> subscribers, boolean keepsFirst, Start start)
            throws IOException, InterruptedException {
        long driver = ProcessHandle.current().pid();
        var complete = new CountDownLatch(subscribers.size());
        expect(workload, subscribers, complete, keepsFirst);
        Vitals.awaitIdle(server);
        double serverBefore = Vitals.cpuSeconds(server);
        double driverBefore = Vitals.cpuSeconds(driver);
        start.send();
        if (!complete.await(2, TimeUnit.MINUTES)) {
            throw new IllegalStateException("%d subscribers have not got all".formatted(complete.getCount()));
        }
        return Run.of(
                subscribers.stream().map(Subscriber::counting).toList(),
                Vitals.cpuSeconds(server) - serverBefore,
                Vitals.cpuSeconds(driver) - driverBefore);
    }

    private static void expect(
            Workload workload, List<Subscriber> subscribers, CountDownLatch complete, boolean keepsFirst) {
        IntStream.range(0, subscribers.size())
                .forEach(i ->
                        subscribers.get(i).current = new Counting(workload.length(), complete, keepsFirst && i == 0));
    }

    /** What one side did, from the first byte that anybody got to the last. */
    record Run(double seconds, long messages, long bytes, double cpuSeconds, double driverSeconds) {
        static Run of(List<Counting> all, double cpuSeconds, double driverSeconds) {
            long first = all.stream().mapToLong(Counting::firstAt).min().orElseThrow();
            long last = all.stream().mapToLong(Counting::lastAt).max().orElseThrow();
            return new Run(
                    (last - first) / 1e9,
                    all.stream().mapToLong(Counting::messages).sum(),
                    all.stream().mapToLong(Counting::bytes).sum(),
                    cpuSeconds,
                    driverSeconds);
        }
    }

    /** One client, for round after round. */
    static final class Subscriber implements Handler<WebSocketFrame> {
        private volatile @Nullable Counting current;

        @Override
        public void handle(WebSocketFrame frame) {
            Counting counting = current;
            if (counting != null) {
                counting.handle(frame);
            }
        }

        Counting counting() {
            Counting counting = current;
            if (counting == null) {
                throw new IllegalStateException("nothing is expected");
            }
            return counting;
        }
    }
}
