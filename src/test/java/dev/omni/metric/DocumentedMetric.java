package dev.omni.metric;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A row of docs/metrics.md.
 *
 * @param tags the values that each tag can have; none where the text describes them
 */
record DocumentedMetric(String name, String type, Map<String, List<String>> tags) {
    private static final Pattern ROW = Pattern.compile("\\| `(\\w+)` \\| (\\w+) \\|(.*?)\\|.*\\|");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");

    static List<DocumentedMetric> all() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("docs/metrics.md"))) {
            return lines.map(ROW::matcher)
                    .filter(Matcher::matches)
                    .map(row -> new DocumentedMetric(row.group(1), row.group(2), tags(row.group(3))))
                    .toList();
        }
    }

    /** Whether it says that this may be the value of a tag. */
    boolean allows(String tag, String value) {
        List<String> values = tags.get(tag);
        return values != null && (values.isEmpty() || values.contains(value));
    }

    private static Map<String, List<String>> tags(String cell) {
        Map<String, List<String>> tags = new LinkedHashMap<>();
        Arrays.stream(cell.split(";", -1))
                .map(String::strip)
                .filter(tag -> !tag.isEmpty())
                .forEach(tag -> {
                    List<String> code = CODE.matcher(tag)
                            .results()
                            .map(found -> found.group(1))
                            .toList();
                    tags.put(code.getFirst(), code.subList(1, code.size()));
                });
        return tags;
    }
}
