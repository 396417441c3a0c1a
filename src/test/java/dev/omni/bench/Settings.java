package dev.omni.bench;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is measured, and how much of it. Environment variables change it; docs/performance.md names them.
 *
 * @param serverOptions JVM options of the application and of the bare server it is compared with
 * @param rounds how often a comparison is repeated, its two sides taking turns
 * @param slice how long one side of a REST comparison runs at a time
 * @param latencyLines lines of which each is timed on its way to every subscriber
 * @param fanOutBytes what all subscribers together get in one round
 * @param fanOutMessages how many messages all subscribers together get in one round
 * @param laggingBytes what a reader that has stopped reading is behind; more than the kernel takes for it
 */
record Settings(
        boolean quick,
        Set<String> sections,
        String serverOptions,
        int rounds,
        int starts,
        Duration slice,
        List<Integer> subscribers,
        int latencyLines,
        List<Integer> fanOut,
        long fanOutBytes,
        long fanOutMessages,
        List<Integer> idle,
        List<Integer> lagging,
        long laggingBytes) {

    static Settings of(Map<String, String> env) {
        boolean quick = Boolean.parseBoolean(env.getOrDefault("BENCH_QUICK", "false"));
        return new Settings(
                quick,
                Set.of(env.getOrDefault("BENCH_SECTIONS", "start,rest,latency,fanout,memory,decoder")
                        .split(",", -1)),
                env.getOrDefault("BENCH_SERVER_OPTIONS", ""),
                Integer.parseInt(env.getOrDefault("BENCH_ROUNDS", quick ? "1" : "5")),
                quick ? 1 : 3,
                quick ? Duration.ofMillis(300) : Duration.ofMillis(1500),
                numbers(env.getOrDefault("BENCH_SUBSCRIBERS", quick ? "1,20" : "1,50,500")),
                quick ? 60 : 600,
                numbers(env.getOrDefault("BENCH_FANOUT", quick ? "20" : "50,500")),
                quick ? 32L << 20 : 512L << 20,
                quick ? 20_000 : 500_000,
                numbers(env.getOrDefault("BENCH_IDLE", quick ? "200" : "1000,5000")),
                numbers(env.getOrDefault("BENCH_LAGGING", quick ? "20" : "1000,5000")),
                1L << 20);
    }

    boolean measures(String section) {
        return sections.contains(section);
    }

    private static List<Integer> numbers(String list) {
        return Arrays.stream(list.split(",", -1)).map(Integer::valueOf).toList();
    }
}
