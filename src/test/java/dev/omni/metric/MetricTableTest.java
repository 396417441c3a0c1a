package dev.omni.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The table in the code and the table in the documentation say the same. */
class MetricTableTest {
    @ParameterizedTest
    @EnumSource(Metric.class)
    void everyMetricIsDocumentedWithItsTypeAndTags(Metric metric) throws IOException {
        Map<String, DocumentedMetric> documented =
                DocumentedMetric.all().stream().collect(Collectors.toMap(DocumentedMetric::name, Function.identity()));

        DocumentedMetric row = documented.get(metric.prometheusName());
        assertThat(row).as(metric.prometheusName()).isNotNull();
        assertThat(Objects.requireNonNull(row).type())
                .isEqualTo(metric.kind().name().toLowerCase(Locale.ROOT));
        assertThat(List.copyOf(row.tags().keySet())).isEqualTo(metric.tags());
    }

    @Test
    void aMetricIsUsedAsTheTableSaysOrNotAtAll() {
        var registry = new SimpleMeterRegistry();
        assertThatIllegalArgumentException().isThrownBy(() -> Metric.JOBS_STARTED.counter(registry));
        assertThatIllegalArgumentException().isThrownBy(() -> Metric.JOBS_STARTED.counter(registry, "prompt", "more"));
        assertThatIllegalArgumentException().isThrownBy(() -> Metric.JOBS_STARTED.timer(registry, "prompt"));
        assertThat(registry.getMeters()).isEmpty();
    }
}
