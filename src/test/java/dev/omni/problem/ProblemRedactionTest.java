package dev.omni.problem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.redaction.Corpus;
import dev.omni.redaction.Corpus.Sample;
import dev.omni.redaction.Redaction;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class ProblemRedactionTest {
    @BeforeAll
    static void know() {
        Redaction.know(() -> List.of(Corpus.KNOWN));
    }

    @ParameterizedTest
    @FieldSource("dev.omni.redaction.Corpus#SECRETS")
    void noPartOfAProblemHoldsASecret(Sample sample) {
        Problem problem = Problem.of(
                ProblemException.invalid("env." + sample.text(), "not " + sample.text()), "/" + sample.text(), "id");

        assertThat(problem.toString()).doesNotContain(sample.secret()).contains(Redaction.MASK);
    }
}
