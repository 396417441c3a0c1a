package dev.omni.stream;

import static dev.omni.TestUsers.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.omni.daytona.RegionProxy;
import dev.omni.daytona.StrainedDaytona;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.job.JobCalls;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A region whose sandboxes cannot be reached for a while. */
@QuarkusTest
@TestProfile(StrainedDaytona.class)
class LostRegionTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TestHTTPResource("/")
    URI base;

    @Inject
    LocalDaytona daytona;

    @Inject
    MeterRegistry meters;

    private RegionProxy region;

    @BeforeEach
    void aRegion() {
        region = new RegionProxy(daytona.apiUrl());
        daytona.proxyToolboxes(region.origin());
    }

    @AfterEach
    void noRegions() {
        daytona.proxyToolboxes(null);
        region.close();
    }

    @Test
    void aJobThatRunsMeanwhileLosesNoByteAndOtherRegionsNothingAtAll() {
        JobCalls alice = JobCalls.ofSomebody();
        daytona.proxyToolboxes(null);
        JobCalls bob = JobCalls.ofSomebody();
        try (TestClient client = TestClient.connect(base, token(alice.userId()))) {
            assertThat(client.nextType()).isEqualTo("heartbeat");
            alice.started("i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo line $i; sleep 0.01; done; exit 3");
            StringBuilder text =
                    new StringBuilder(client.nextOfJobs().path("data").asText());

            region.goAway();
            await().atMost(PATIENCE).until(() -> circuit() == 2);
            assertThat(bob.stdout("echo here")).isEqualTo("here\n");
            alice.exec(Map.of("command", "echo there")).then().statusCode(503);
            region.comeBack();

            JsonNode next = client.nextOfJobs();
            while (!next.path("type").asText().equals("done")) {
                text.append(next.path("data").asText());
                next = client.nextOfJobs();
            }
            assertThat(text)
                    .hasToString(IntStream.rangeClosed(1, 300)
                            .mapToObj(i -> "line " + i + "\n")
                            .collect(Collectors.joining()));
            assertThat(next.path("exitCode").asInt()).isEqualTo(3);
            assertThat(next.path("status").asText()).isEqualTo("failed");
        }
        await().atMost(PATIENCE)
                .until(() -> alice.exec(Map.of("command", "true")).statusCode() == 200);
    }

    private double circuit() {
        return meters.get("omni.daytona.circuit.state")
                .tag("group", "toolbox_reads")
                .gauge()
                .value();
    }
}
