package dev.omni.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A quoted word is read back by a real shell as exactly the text it was made of. */
class QuotingTest {
    private static final String DANGEROUS = "'\"\\`$(){}[]<>|&;!#*?~=%^@:, \t\n\r\u0001\u0002\u001b\u007f-é€😀";

    @ParameterizedTest
    @ValueSource(strings = {"sh", "bash", "dash", "zsh"})
    void everyCharacterThatMattersComesThrough(String shell) throws Exception {
        List<String> texts = new ArrayList<>(
                List.of("", "'", "''", "\\", "\\'", "$(id)", "`id`", "a\nb\n", "-n", "!!", "' ; id ; '"));
        // Every byte but NUL, alone and beside a quote.
        IntStream.rangeClosed(1, 255).mapToObj(c -> String.valueOf((char) c)).forEach(c -> {
            texts.add(c);
            texts.add("'" + c + "'");
        });
        assertThat(readBack(shell, texts)).isEqualTo(texts);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 20_261_123, 77})
    void anyMixtureComesThrough(long seed) throws Exception {
        Random random = new Random(seed);
        int[] alphabet = DANGEROUS.codePoints().toArray();
        List<String> texts = IntStream.range(0, 200)
                .mapToObj(i -> random.ints(random.nextInt(60), 0, alphabet.length)
                        .mapToObj(index -> Character.toString(alphabet[index]))
                        .collect(Collectors.joining()))
                .toList();
        assertThat(readBack("sh", texts)).as("seed %d", seed).isEqualTo(texts);
    }

    @Test
    void nulIsRefused() {
        assertThatThrownBy(() -> Quoting.word("a\0b")).isInstanceOf(IllegalArgumentException.class);
    }

    /** Has a shell print its words, each behind a NUL, which no word can hold. */
    private static List<String> readBack(String shell, List<String> texts) throws IOException, InterruptedException {
        assumeThat(Path.of("/bin", shell)).as("a %s on this machine", shell).exists();
        Path script = Files.createTempFile("quoting", ".sh");
        try {
            Files.writeString(script, "printf '\\0%s' " + Quoting.words(texts));
            Process process = new ProcessBuilder(shell, script.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).isZero();
            return List.of(printed.substring(1).split("\0", -1));
        } finally {
            Files.delete(script);
        }
    }
}
