package dev.omni.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateTest {
    @Test
    void aRateIsANumberAndATime() {
        assertThat(Rate.of("30/1M")).isEqualTo(new Rate(30, Duration.ofMinutes(1)));
        assertThat(Rate.of("5/500ms")).isEqualTo(new Rate(5, Duration.ofMillis(500)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "30", "/1M", "30/", "0/1M", "-1/1M", "x/1M", "30/0S", "30/25H", "99999999999/1M", "30/1M/2"})
    void anythingElseIsRefusedByTheStart(String text) {
        assertThatThrownBy(() -> Rate.of(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
