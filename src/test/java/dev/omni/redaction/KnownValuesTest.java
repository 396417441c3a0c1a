package dev.omni.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.observe.LogLines;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KnownValuesTest {
    @Test
    void oneThatIsKnownFromManySourcesTakesThePlaceOfNoOther() {
        KnownValues known = new KnownValues();
        IntStream.range(0, 100).forEach(i -> known.add(() -> List.of("the same value")));
        known.add(() -> List.of("another value"));

        assertThat(known.scrub("another value")).isEqualTo("***");
    }

    @Test
    void thatThereAreMoreThanAreLookedForIsToldOnce() {
        KnownValues known = new KnownValues();
        known.add(() ->
                IntStream.range(0, 65).mapToObj("value number %d"::formatted).toList());
        try (LogLines lines = new LogLines(KnownValues.class.getName())) {
            known.scrub("a text");
            known.add(() -> List.of("another value"));
            known.scrub("a text");

            assertThat(lines.lines())
                    .singleElement()
                    .satisfies(line -> assertThat(line.message()).startsWith("65 values"));
        }
    }
}
