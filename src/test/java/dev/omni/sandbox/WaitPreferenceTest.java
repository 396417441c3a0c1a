package dev.omni.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.omni.problem.ProblemException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WaitPreferenceTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "wait=10",
                "Wait = 10",
                "respond-async, wait=10",
                "wait=10;x=1",
                "handling=lenient,wait=10,wait=3"
            })
    void isFoundAmongOtherPreferences(String header) {
        assertThat(WaitPreference.of(List.of(header))).isEqualTo(new WaitPreference(10));
    }

    @Test
    void isFoundInAnyOfSeveralHeaders() {
        assertThat(WaitPreference.of(List.of("respond-async", "wait=0"))).isEqualTo(new WaitPreference(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "respond-async", "waiting=5"})
    void isAbsentWhereItIsNotSaid(String header) {
        assertThat(WaitPreference.of(List.of(header))).isNull();
        assertThat(WaitPreference.duration(null)).isEqualTo(Duration.ZERO);
    }

    @ParameterizedTest
    @ValueSource(strings = {"wait", "wait=", "wait=61", "wait=-1", "wait=1.5", "wait=\"5\"", "wait=99999999999"})
    void isRefusedWhenItCannotBeHonoured(String header) {
        assertThatThrownBy(() -> WaitPreference.of(List.of(header)))
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        problem -> assertThat(problem.violations())
                                .singleElement()
                                .satisfies(violation ->
                                        assertThat(violation.field()).isEqualTo("Prefer")));
    }
}
