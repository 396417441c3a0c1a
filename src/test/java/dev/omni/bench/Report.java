package dev.omni.bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/** The figures of one run: printed as they come, and at the end as one table and as JSON. */
final class Report {
    static final Path DIRECTORY = Path.of("target/bench");

    private final Map<String, Object> machine;
    private final Settings settings;
    private final List<Figure> figures = new ArrayList<>();

    Report(Map<String, Object> machine, Settings settings) {
        this.machine = machine;
        this.settings = settings;
    }

    /**
     * One measured value.
     *
     * @param low the lowest of the rounds, where there were several
     * @param target what docs/performance.md aims at
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Figure(
            String group,
            String name,
            double value,
            String unit,
            @Nullable Double low,
            @Nullable Double high,
            @Nullable Target target,
            @Nullable Boolean met) {
        @Override
        public String toString() {
            return "| %s | %s | %s | %s | %s |"
                    .formatted(
                            group,
                            name,
                            number(value) + " " + unit,
                            low == null || high == null ? "" : number(low) + " – " + number(high),
                            target == null ? "" : target + (Boolean.TRUE.equals(met) ? ", met" : ", **missed**"));
        }

        private static String number(double value) {
            double size = Math.abs(value);
            return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
        }
    }

    record Target(boolean atMost, double value) {
        static Target atMost(double value) {
            return new Target(true, value);
        }

        static Target atLeast(double value) {
            return new Target(false, value);
        }

        boolean isMet(double measured) {
            return atMost ? measured <= value : measured >= value;
        }

        @Override
        public String toString() {
            return (atMost ? "≤ " : "≥ ") + Figure.number(value);
        }
    }

    void section(String title) {
        System.out.printf("%n== %s%n", title);
    }

    void add(String group, String name, double value, String unit) {
        add(group, name, value, unit, null);
    }

    void add(String group, String name, double value, String unit, @Nullable Target target) {
        keep(new Figure(group, name, value, unit, null, null, target, target == null ? null : target.isMet(value)));
    }

    /** The median of several rounds, with the range they span. */
    void addRounds(String group, String name, double[] rounds, String unit, @Nullable Target target) {
        double[] sorted = rounds.clone();
        Arrays.sort(sorted);
        double median = median(sorted);
        keep(new Figure(
                group,
                name,
                median,
                unit,
                sorted[0],
                sorted[sorted.length - 1],
                target,
                target == null ? null : target.isMet(median)));
    }

    /** Median, 99th and, where there are enough values for it, 99.9th percentile. */
    void addQuantiles(String group, String name, Samples samples, String unit, DoubleUnaryOperator scale) {
        add(group, name + " p50", scale.applyAsDouble(samples.quantile(0.5)), unit);
        add(group, name + " p99", scale.applyAsDouble(samples.quantile(0.99)), unit);
        if (samples.count() >= 1000) {
            add(group, name + " p99.9", scale.applyAsDouble(samples.quantile(0.999)), unit);
        }
    }

    private void keep(Figure figure) {
        figures.add(figure);
        System.out.println(figure);
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    void write() throws IOException {
        StringBuilder table = new StringBuilder("| what | figure | value | rounds | target |\n|---|---|---|---|---|\n");
        figures.forEach(figure -> table.append(figure).append('\n'));
        System.out.printf("%n%s%n%n%s", machine, table);

        Map<String, Object> results = new LinkedHashMap<>();
        results.put("machine", machine);
        results.put("settings", settings);
        results.put("figures", figures);
        Files.writeString(DIRECTORY.resolve("results.md"), table);
        new ObjectMapper()
                .findAndRegisterModules()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .writeValue(DIRECTORY.resolve("results.json").toFile(), results);
    }
}
