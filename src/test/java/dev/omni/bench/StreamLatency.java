package dev.omni.bench;

import dev.omni.bench.LogMessage.Recording;
import dev.omni.bench.LogMessage.Recording.Arrival;
import dev.omni.bench.Report.Target;
import dev.omni.bench.Stack.User;
import dev.omni.packaged.PackagedApplication;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * How long a line takes from the command that prints it to each subscriber. Daytona itself looks for news every 20 ms, so
 * readers of its own stream watch the same command, and what is compared is how late either side sees the same lines. Each
 * stream looks at moments of its own: several direct readers, and lines at random times, keep that from mattering.
 */
final class StreamLatency {
    private static final int DIRECT_READERS = 8;

    /** Lines at the beginning that do not count: the code is still being compiled. */
    private static final double WARM_UP = 0.1;

    private StreamLatency() {}

    static void measure(Stack stack, PackagedApplication application, Settings settings, Report report)
            throws InterruptedException {
        report.section("Latency");
        User user = stack.user(application, "latency");
        for (int subscribers : settings.subscribers()) {
            measure(stack, user, subscribers, settings.latencyLines(), report);
        }
    }

    @SuppressWarnings("try") // They are open for as long as it lasts.
    private static void measure(Stack stack, User user, int count, int lines, Report report)
            throws InterruptedException {
        List<Recording> ours = recordings(count);
        List<Recording> theirs = recordings(DIRECT_READERS);
        String url = user.application().url("/ws").replaceFirst("^http", "ws");
        try (Sockets subscribers = Sockets.open(stack, url, i -> user.token(), ours)) {
            String job = user.start(new JsonObject().put("command", timestamps(lines)));
            String follow = stack.direct().followUrl(user.sandboxId(), job);
            try (Sockets direct =
                    Sockets.open(stack, follow, i -> stack.direct().key(), theirs)) {
                Poll.until(() -> !user.status(job).equals("running"));
                Poll.until(() -> ours.stream().allMatch(StreamLatency::hasEnded));
                Poll.until(() -> theirs.stream().allMatch(reader -> lines(reader) == lines));
            }
        }
        Samples our = samples(ours, lines, StreamLatency::ofMessage);
        Samples their = samples(theirs, lines, StreamLatency::ofRawLog);
        String group = "stream latency, %d subscriber%s".formatted(count, count == 1 ? "" : "s");
        boolean judged = count == 50;
        report.add(group, "added p50", added(our, their, 0.5), "ms", judged ? Target.atMost(15) : null);
        report.add(group, "added p99", added(our, their, 0.99), "ms", judged ? Target.atMost(50) : null);
        report.add(group, "added p99.9", added(our, their, 0.999), "ms");
        report.addQuantiles(group, "whole", our, "ms", micros -> micros / 1e3);
        report.addQuantiles(group, "direct", their, "ms", micros -> micros / 1e3);
    }

    /**
     * Prints the time, at random moments some 25 ms apart. Without a process for each line, which would cost more than what
     * is measured: bash waits by a read that times out.
     */
    private static String timestamps(int lines) {
        return """
                exec 9<> <(:)
                sleep 0.5
                for ((i = 0; i < %d; i++)); do
                  echo "$i ${EPOCHREALTIME/[.,]/}"
                  read -rt 0.0$((RANDOM %% 30 + 10)) -u 9
                done
                true
                """.formatted(lines);
    }

    private static double added(Samples our, Samples their, double share) {
        return (our.quantile(share) - their.quantile(share)) / 1e3;
    }

    private static List<Recording> recordings(int count) {
        return Stream.generate(Recording::new).limit(count).toList();
    }

    private static boolean hasEnded(Recording recording) {
        List<Arrival> arrivals = recording.arrivals();
        // A heartbeat may come behind it.
        return arrivals.reversed().stream()
                .limit(3)
                .anyMatch(arrival -> arrival.bytes().toString().contains("\"type\":\"done\""));
    }

    private static long lines(Recording rawLog) {
        return rawLog.arrivals().stream()
                .flatMap(arrival -> ofRawLog(arrival).stream())
                .flatMapToInt(String::chars)
                .filter(c -> c == '\n')
                .count();
    }

    private static Optional<String> ofMessage(Arrival arrival) {
        return LogMessage.output(arrival.bytes());
    }

    private static Optional<String> ofRawLog(Arrival arrival) {
        // The marker bytes in front of every line are no digits, and are skipped with whatever else is none.
        return Optional.of(arrival.bytes().toString(StandardCharsets.ISO_8859_1));
    }

    /** How late each line was for each reader; every line must have come once and in order. */
    private static Samples samples(List<Recording> recordings, int lines, Function<Arrival, Optional<String>> output) {
        Samples samples = new Samples();
        for (Recording recording : recordings) {
            var unfinished = new StringBuilder();
            int next = 0;
            for (Arrival arrival : recording.arrivals()) {
                unfinished.append(output.apply(arrival).orElse(""));
                int end;
                while ((end = unfinished.indexOf("\n")) >= 0) {
                    String[] line = unfinished
                            .substring(0, end)
                            .replaceAll("[^0-9 ]", "")
                            .split(" ", -1);
                    unfinished.delete(0, end + 1);
                    if (Integer.parseInt(line[0]) != next) {
                        throw new IllegalStateException("line " + next + " is missing or came twice");
                    }
                    if (next >= lines * WARM_UP) {
                        samples.add(arrival.micros() - Long.parseLong(line[1]));
                    }
                    next++;
                }
            }
            if (next != lines) {
                throw new IllegalStateException("%d lines came of %d".formatted(next, lines));
            }
        }
        return samples;
    }
}
