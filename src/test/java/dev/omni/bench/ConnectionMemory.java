package dev.omni.bench;

import dev.omni.bench.FanOut.Lines;
import dev.omni.bench.LogMessage.Counting;
import dev.omni.bench.Report.Target;
import dev.omni.bench.Stack.User;
import dev.omni.bench.Vitals.Memory;
import dev.omni.packaged.PackagedApplication;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a connection costs in memory: one that nothing happens on, and one whose client has stopped reading in the middle
 * of a job's output. Each in an application of its own that has had some connections before, so that what is only needed
 * once is not counted; and with a heap that is fixed and all there from the start, so that the process grows by what is
 * outside of it, while what is in it is counted object by object.
 */
final class ConnectionMemory {
    private static final int USERS = 10;
    private static final int WARM_UP = 200;
    private static final String FIXED_HEAP = "-Xms1g -Xmx1g -XX:+AlwaysPreTouch";

    /** Files that a process needs beside its connections. */
    private static final int OTHER_FILES = 1000;

    private ConnectionMemory() {}

    static void measure(Stack stack, Settings settings, Report report) throws IOException, InterruptedException {
        report.section("Memory");
        idle(stack, settings, report);
        lagging(stack, settings, report);
    }

    @SuppressWarnings("try") // They are open for as long as it lasts.
    private static void idle(Stack stack, Settings settings, Report report) throws IOException, InterruptedException {
        PackagedApplication application = stack.application(FIXED_HEAP);
        try {
            String url = application.url("/ws").replaceFirst("^http", "ws");
            List<User> users = users(stack, application);
            open(stack, url, users, WARM_UP).close();
            Memory before = memory(application, "idle-0");
            int fits = Vitals.maxOpenFiles() - OTHER_FILES;
            for (int count : settings.idle()) {
                if (count > fits) {
                    System.out.printf("%d connections need more open files than are allowed (ulimit -n)%n", count);
                    continue;
                }
                try (Sockets sockets = open(stack, url, users, count)) {
                    Memory with = memory(application, "idle-" + count);
                    add(report, "memory, %d idle connections".formatted(count), with, before, count, Target.atMost(30));
                }
            }
            Memory after = memory(application, "idle-after");
            report.add(
                    "memory, all closed again", "live heap left over", (after.heap() - before.heap()) / 1024.0, "KiB");
        } finally {
            application.terminate();
            application.close();
        }
    }

    private static void add(
            Report report, String group, Memory with, Memory before, int count, @Nullable Target target) {
        double heap = (with.heap() - before.heap()) / 1024.0 / count;
        double outside = (with.resident() - before.resident()) / 1024.0 / count;
        report.add(group, "each", heap + outside, "KiB", target);
        report.add(group, "each, live heap", heap, "KiB");
        report.add(group, "each, outside of the heap", outside, "KiB");
    }

    private static Sockets open(Stack stack, String url, List<User> users, int count) {
        List<Counting> ignored = Stream.generate(() -> new Counting(0, new CountDownLatch(0), false))
                .limit(count)
                .toList();
        return Sockets.open(stack, url, i -> users.get(i % USERS).token(), ignored);
    }

    private static void lagging(Stack stack, Settings settings, Report report)
            throws IOException, InterruptedException {
        Lines lines = Lines.ofBytes(settings.laggingBytes());
        // Thousands of full buffers in the kernel would be more than it has for all sockets of a small machine.
        PackagedApplication application = stack.application(FIXED_HEAP, Map.of("OMNI_STREAM_SEND_BUFFER", "64K"));
        try {
            List<User> users = users(stack, application);
            lag(stack, application, users, lines, WARM_UP, "warm-up");
            Memory before = memory(application, "lagging-0");
            for (int count : settings.lagging()) {
                Memory with = lag(stack, application, users, lines, count, "lagging-" + count);
                add(report, "memory, %d readers that have stopped".formatted(count), with, before, count, null);
            }
        } finally {
            application.terminate();
            application.close();
        }
    }

    /** What the application holds while none of its readers reads; then they do, and must get everything. */
    private static Memory lag(
            Stack stack, PackagedApplication application, List<User> users, Lines lines, int count, String name)
            throws IOException, InterruptedException {
        String url = application.url("/ws").replaceFirst("^http", "ws");
        var complete = new CountDownLatch(count);
        List<Counting> readers = Stream.generate(() -> new Counting(lines.length(), complete, false))
                .limit(count)
                .toList();
        try (Sockets sockets = Sockets.openWithSmallBuffers(
                stack, url, i -> users.get(i % USERS).token(), readers)) {
            sockets.pause();
            List<String> jobs = new ArrayList<>();
            users.forEach(user -> jobs.add(user.start(lines.job())));
            Poll.until(() -> IntStream.range(0, USERS)
                    .noneMatch(i -> users.get(i).status(jobs.get(i)).equals("running")));
            Memory memory = memory(application, name);
            if (complete.getCount() != count) {
                throw new IllegalStateException("a reader that should lag has got everything");
            }
            sockets.resume();
            if (!complete.await(300, TimeUnit.SECONDS)) {
                throw new IllegalStateException("%d readers have not got all".formatted(complete.getCount()));
            }
            readers.forEach(Counting::verify);
            return memory;
        }
    }

    private static Memory memory(PackagedApplication application, String name)
            throws IOException, InterruptedException {
        Vitals.awaitIdle(application.pid());
        return Vitals.memory(application.pid(), name);
    }

    private static List<User> users(Stack stack, PackagedApplication application) {
        return IntStream.range(0, USERS)
                .mapToObj(i -> stack.user(application, "memory-" + i))
                .toList();
    }
}
