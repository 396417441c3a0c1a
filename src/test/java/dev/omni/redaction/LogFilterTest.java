package dev.omni.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.redaction.Corpus.Sample;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.ExtLogRecord.FormatStyle;
import org.jboss.logmanager.Level;
import org.jboss.logmanager.formatters.PatternFormatter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class LogFilterTest {
    private static final PatternFormatter EVERYTHING = new PatternFormatter("%s %X %e%n");

    @BeforeAll
    static void know() {
        Redaction.know(() -> List.of(Corpus.KNOWN));
    }

    @ParameterizedTest
    @FieldSource("dev.omni.redaction.Corpus#SECRETS")
    void noPartOfALineHoldsASecret(Sample sample) {
        ExtLogRecord line =
                new ExtLogRecord(Level.INFO, "first %s then %s", FormatStyle.PRINTF, LogFilterTest.class.getName());
        line.setParameters(new Object[] {sample.text(), "end"});
        line.setMdc(Map.of("userId", sample.text()));
        IllegalStateException thrown =
                new IllegalStateException("outer", new IllegalArgumentException("about " + sample.text()));
        thrown.addSuppressed(new RuntimeException(sample.text()));
        line.setThrown(thrown);

        assertThat(new LogFilter().isLoggable(line)).isTrue();

        assertThat(EVERYTHING.format(line))
                .doesNotContain(sample.secret())
                .contains(Redaction.MASK, "first ", "java.lang.IllegalArgumentException: about", "LogFilterTest.java:");
    }

    @Test
    void anExceptionWithoutSecretsIsTheSame() {
        Throwable thrown = new IllegalStateException("plain", new RuntimeException());

        assertThat(ScrubbedThrowable.of(thrown)).isSameAs(thrown);
    }

    @Test
    void aScrubbedExceptionKeepsItsTypeItsCausesAndItsStack() {
        Throwable thrown = new IllegalStateException("password=abc", new RuntimeException("cause"));

        Throwable scrubbed = ScrubbedThrowable.of(thrown);

        assertThat(scrubbed).hasToString("java.lang.IllegalStateException: password=***");
        assertThat(scrubbed.getStackTrace()).isEqualTo(thrown.getStackTrace());
        assertThat(scrubbed.getCause()).hasToString("java.lang.RuntimeException: cause");
        assertThat(ScrubbedThrowable.typeOf(scrubbed)).isEqualTo("java.lang.IllegalStateException");
    }

    @Test
    void exceptionsThatCauseEachOtherAndLongChainsEnd() {
        Throwable first = new RuntimeException("password=abc");
        Throwable second = new RuntimeException("second", first);
        first.initCause(second);
        assertThat(stack(ScrubbedThrowable.of(first))).doesNotContain("abc").contains("second");

        Throwable chain = new RuntimeException("password=abc");
        for (int i = 0; i < 10_000; i++) {
            chain = new RuntimeException("link", chain);
        }
        assertThat(stack(ScrubbedThrowable.of(chain))).doesNotContain("abc").contains("link");
    }

    private static String stack(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
