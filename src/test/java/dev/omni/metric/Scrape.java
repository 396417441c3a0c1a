package dev.omni.metric;

import static io.restassured.RestAssured.given;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What {@code /q/metrics} says at one moment, as a scraper reads it. */
record Scrape(String text, Map<String, String> types, Map<Series, Double> values) {
    private static final Pattern TYPE = Pattern.compile("# TYPE (\\w+) (\\w+)");
    private static final Pattern SAMPLE = Pattern.compile("(\\w+)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    record Series(String name, Map<String, String> labels) {}

    static Scrape now() {
        return of(given().accept("text/plain; version=0.0.4")
                .get("/q/metrics")
                .then()
                .statusCode(200)
                .extract()
                .asString());
    }

    static Scrape of(String text) {
        Map<String, String> types = new TreeMap<>();
        Map<Series, Double> values = new HashMap<>();
        text.lines().forEach(line -> {
            Matcher type = TYPE.matcher(line);
            Matcher sample = SAMPLE.matcher(line);
            if (type.matches()) {
                types.put(type.group(1), type.group(2));
            } else if (!line.startsWith("#") && sample.matches()) {
                String labels = sample.group(2) == null ? "" : sample.group(2);
                values.put(new Series(sample.group(1), labels(labels)), value(sample.group(3)));
            }
        });
        return new Scrape(text, types, values);
    }

    /** A value by name and labels, {@code key=value}; 0 where it is not told, since nothing has happened yet. */
    double value(String name, String... labels) {
        Map<String, String> wanted = new HashMap<>();
        for (String label : labels) {
            wanted.put(label.substring(0, label.indexOf('=')), label.substring(label.indexOf('=') + 1));
        }
        return values.getOrDefault(new Series(name, wanted), 0.0);
    }

    /** The series of the service's own metrics, without the companions that say what the largest was of late. */
    Set<Series> own() {
        return values.keySet().stream().filter(series -> isOwn(series.name())).collect(Collectors.toSet());
    }

    /** The metrics of the service's own, by name. */
    Set<String> ownNames() {
        return types.keySet().stream().filter(Scrape::isOwn).collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isOwn(String name) {
        return (name.startsWith("omni_") || name.startsWith("http_server_")) && !name.endsWith("_seconds_max");
    }

    private static double value(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new HashMap<>();
        Matcher label = LABEL.matcher(text);
        while (label.find()) {
            labels.put(label.group(1), label.group(2));
        }
        return labels;
    }
}
