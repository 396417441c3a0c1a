package dev.omni.daytona.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.daytona.DaytonaEndpoint;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import org.junit.jupiter.api.Test;

@QuarkusTest
class LocalEndpointTest {
    @Inject
    DaytonaEndpoint endpoint;

    @Inject
    LocalDaytona daytona;

    @Test
    void theApplicationsDaytonaIsTheLocalOne() throws Exception {
        assertThat(endpoint.apiUrl()).isEqualTo(daytona.apiUrl());
        assertThat(endpoint.apiKey()).isEqualTo(daytona.apiKey());
        assertThat(new Wired(daytona).get("/api/health").statusCode()).isEqualTo(200);
    }
}
