package dev.omni.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.redaction.Corpus.Sample;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

class RedactionTest {
    @BeforeAll
    static void know() {
        Redaction.know(() -> List.of(Corpus.KNOWN));
    }

    @ParameterizedTest
    @FieldSource("dev.omni.redaction.Corpus#SECRETS")
    void aSecretIsTakenOut(Sample sample) {
        assertThat(Redaction.scrub(sample.text()))
                .doesNotContain(sample.secret())
                .contains(Redaction.MASK);
    }

    @ParameterizedTest
    @FieldSource("dev.omni.redaction.Corpus#SECRETS")
    void whatIsScrubbedStaysAsItIs(Sample sample) {
        String once = Redaction.scrub(sample.text());
        assertThat(Redaction.scrub(once)).isEqualTo(once);
    }

    @ParameterizedTest
    @FieldSource("dev.omni.redaction.Corpus#HARMLESS")
    void whatHoldsNoSecretIsLeftAlone(String text) {
        assertThat(Redaction.scrub(text)).isEqualTo(text);
    }

    @Test
    void theCorpusIsLargeEnoughToMeanSomething() {
        assertThat(Corpus.SECRETS).hasSizeGreaterThanOrEqualTo(60);
        assertThat(Corpus.HARMLESS).hasSizeGreaterThanOrEqualTo(40);
    }

    @Test
    void whatIsAroundASecretStays() {
        assertThat(Redaction.scrub("mysql --user=root --password=s3cret db && echo done"))
                .isEqualTo("mysql --user=root --password=*** db && echo done");
        assertThat(Redaction.scrub("{\"password\":\"hunter2\",\"a\":1}")).isEqualTo("{\"password\":***,\"a\":1}");
        assertThat(Redaction.scrub("redis://default:hunter2@cache:6379/0")).isEqualTo("redis://***@cache:6379/0");
    }

    @Test
    void aKnownValueMayChange() {
        AtomicReference<String> value = new AtomicReference<>("the first value");
        Redaction.know(() -> List.of(value.get()));
        assertThat(Redaction.scrub("is the first value it?")).isEqualTo("is *** it?");
        value.set("the second one");
        assertThat(Redaction.scrub("the first value or the second one")).isEqualTo("the first value or ***");
    }

    @Test
    void aShortValueIsNotLookedFor() {
        Redaction.know(() -> List.of("lampion"));
        assertThat(Redaction.scrub("a lampion")).isEqualTo("a lampion");
    }

    @Test
    void valuesMayBeSecretInOneTextOnly() {
        assertThat(Redaction.scrub("echo my own value", 100, List.of("my own value", "echo")))
                .isEqualTo("echo ***");
        assertThat(Redaction.scrub("echo my own value")).isEqualTo("echo my own value");
    }

    @Test
    void aTextIsCutAndASecretAcrossTheCutIsNotLeftInHalf() {
        String text = "x".repeat(95) + " " + Corpus.KNOWN + " tail";
        assertThat(Redaction.scrub(text, 99)).isEqualTo("x".repeat(95) + " ***…");
        assertThat(Redaction.scrub("password=" + "z".repeat(1_000_000), 100)).isEqualTo("password=***…");
        assertThat(Redaction.scrub("y".repeat(1_000_000))).hasSize(Redaction.MAX_LENGTH + 1);
        assertThat(Redaction.scrub("😀".repeat(10), 5)).isEqualTo("😀😀…");
    }

    @Test
    void theBeginningOfAKnownValueAtTheCutIsNotLeftAlsoWhereTheTextBeforeItBecomesShorter() {
        String secret = "one that nobody may ever see, not by half";
        Redaction.know(() -> List.of(secret));
        String before = ("password=" + "z".repeat(4000) + " ").repeat(2);
        int looked = 5000 + Needle.MAX_LENGTH;
        String text = before + "x".repeat(looked - before.length() - 20) + secret;

        assertThat(Redaction.scrub(text, 5000)).isEqualTo("password=*** password=***…");
    }

    @Test
    void aValueOfATextsOwnThatIsLongIsTakenOutToItsEnd() {
        String value = "abcdefgh".repeat(600);
        assertThat(Redaction.scrub("echo " + value + " done", 1024, List.of(value)))
                .isEqualTo("echo *** done");
        String longer = "abcdefgh".repeat(1024);
        assertThat(Redaction.scrub("echo " + longer, 1024, List.of(longer))).isEqualTo("echo ***…");
    }

    @Test
    void everyOneOfAsManyValuesAsACommandMayHaveIsTakenOut() {
        List<String> values = IntStream.range(0, 192)
                .mapToObj(i -> "value number %03d".formatted(i / 3))
                .toList();
        assertThat(Redaction.scrub(String.join(",", values), 10_000, values)).matches("\\*{3}(,\\*{3}){191}");
    }

    /** However much a text and a value repeat themselves: one look at each character, not one for each place to begin at. */
    @Test
    void findingAValueReadsNoCharacterTwice() {
        String value = "a".repeat(4000) + "b";
        String text = "a".repeat(36_000);
        AtomicInteger reads = new AtomicInteger();

        assertThat(Needle.indexIn(counted(text, reads), value, Needle.overlaps(value), 0))
                .isEqualTo(-1);

        assertThat(reads).hasValue(text.length());
    }

    @Test
    void aValueIsFoundWhereItBeginsInTheMiddleOfItself() {
        assertThat(new Needle("abababac").maskIn("xabababababac and abababac!")).isEqualTo("xabab*** and ***!");
        assertThat(new Needle("aaaaaaaa").maskIn("a".repeat(17))).isEqualTo("******a");
        assertThat(new Needle("aaaaaaab").maskIn("a".repeat(17))).isEqualTo("a".repeat(17));
    }

    private static CharSequence counted(String text, AtomicInteger reads) {
        return new CharSequence() {
            @Override
            public int length() {
                return text.length();
            }

            @Override
            public char charAt(int index) {
                reads.incrementAndGet();
                return text.charAt(index);
            }

            @Override
            public CharSequence subSequence(int start, int end) {
                return text.subSequence(start, end);
            }
        };
    }

    static Stream<String> hostile() {
        return Stream.of(
                        "a",
                        "eyJ",
                        "eyJ-",
                        ".eyJ.",
                        "@",
                        "a@",
                        "a@a.",
                        "a.",
                        "://",
                        "://a:",
                        "x://a:b",
                        "-",
                        "--",
                        "-a ",
                        "password",
                        "password=",
                        "password =",
                        "password:\"",
                        "password=\"\\",
                        "token ",
                        "token: ",
                        "--token ",
                        "Bearer ",
                        "Bearer a ",
                        "basic+",
                        "%",
                        "%20",
                        "%40a",
                        "-----BEGIN ",
                        "-----BEGIN PRIVATE KEY-----",
                        "-----END",
                        "cookie:",
                        "sk-",
                        "xox",
                        "SG.",
                        "\\\"",
                        "'",
                        "\"",
                        " ",
                        "-u ",
                        "-u a:",
                        "secret_key",
                        "api key",
                        "authorization: bearer ",
                        "AKIA",
                        "ü",
                        "\n")
                .map(piece -> piece.repeat(1_000_000 / piece.length()));
    }

    /** A pattern that goes back over what it has read would take minutes to hours for these; a second is plenty. */
    @ParameterizedTest
    @MethodSource("hostile")
    void noTextMakesItSlow(String text) {
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(20), () -> Redaction.scrub(text));
    }

    @Test
    void namesOfSecretsAreKnown() {
        assertThat(List.of("ANTHROPIC_API_KEY", "DB_PASSWORD", "githubToken", "aws_secret_access_key", "SENTRY_DSN"))
                .allMatch(Redaction::namesSecret);
        assertThat(List.of("LANG", "PATH", "HOME", "TOKENIZER", "MAX_TOKENS", "KEYBOARD", "USER_ID"))
                .noneMatch(Redaction::namesSecret);
    }
}
