package dev.omni.problem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** {@code docs/api.md} is what clients are written by, so it must tell every code as the code does. */
class ProblemDocsTest {
    private static final Pattern QUOTED = Pattern.compile("`([a-z_]+)`");

    private final String page = Files.readString(Path.of("docs/api.md"));

    ProblemDocsTest() throws IOException {}

    @Test
    void everyCodeIsInTheRowOfItsStatus() {
        List<String> rows = page.lines()
                .filter(line -> line.matches("\\| \\d{3}(, \\d{3})* \\|.*"))
                .toList();

        for (ProblemCode code : ProblemCode.values()) {
            assertThat(rows)
                    .as(code.code())
                    .filteredOn(row -> row.contains("`" + code.code() + "`"))
                    .singleElement()
                    .satisfies(row -> assertThat(row.split("\\|", -1)[1]).contains(String.valueOf(code.status())));
        }
        assertThat(quoted(String.join("\n", rows))).isEqualTo(codes(code -> true));
    }

    @Test
    void theRetryableCodesAreNamed() {
        String paragraph = page.substring(page.indexOf("Retryable are: ")).split("\n\n", 2)[0];

        assertThat(quoted(paragraph)).isEqualTo(codes(ProblemCode::isRetryable));
    }

    @Test
    void everyStageIsNamed() {
        String row = page.lines()
                .filter(line -> line.startsWith("| `stage` |"))
                .findFirst()
                .orElseThrow();

        assertThat(quoted(row.substring("| `stage`".length())))
                .isEqualTo(Arrays.stream(Stage.values())
                        .map(Stage::wireName)
                        .collect(Collectors.toCollection(TreeSet::new)));
    }

    private static Set<String> codes(Predicate<ProblemCode> which) {
        return Arrays.stream(ProblemCode.values())
                .filter(which)
                .map(ProblemCode::code)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> quoted(String text) {
        return QUOTED.matcher(text)
                .results()
                .map((MatchResult match) -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
