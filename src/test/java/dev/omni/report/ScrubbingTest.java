package dev.omni.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.redaction.Corpus;
import dev.omni.redaction.Corpus.Sample;
import dev.omni.redaction.Redaction;
import io.sentry.SentryEvent;
import io.sentry.protocol.Message;
import io.sentry.protocol.SentryException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class ScrubbingTest {
    @BeforeAll
    static void know() {
        Redaction.know(() -> List.of(Corpus.KNOWN));
    }

    @ParameterizedTest
    @FieldSource("dev.omni.redaction.Corpus#SECRETS")
    void noReportHoldsASecret(Sample sample) {
        SentryEvent report = new SentryEvent();
        Message message = new Message();
        message.setFormatted(sample.text());
        report.setMessage(message);
        SentryException exception = new SentryException();
        exception.setType("IllegalStateException");
        exception.setValue(sample.text());
        report.setExceptions(List.of(exception));
        report.setTag("sandboxId", sample.text());

        SentryEvent scrubbed = Scrubbing.of(report);

        assertThat(List.of(
                        Objects.requireNonNull(
                                Objects.requireNonNull(scrubbed.getMessage()).getFormatted()),
                        Objects.requireNonNull(Objects.requireNonNull(scrubbed.getExceptions())
                                .getFirst()
                                .getValue()),
                        Objects.requireNonNull(scrubbed.getTag("sandboxId"))))
                .allSatisfy(
                        text -> assertThat(text).doesNotContain(sample.secret()).contains(Redaction.MASK));
    }
}
