package dev.omni.job;

import static dev.omni.TestUsers.as;
import static org.awaitility.Awaitility.await;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

@QuarkusTest
@TestProfile(UnreadJobsTest.OneIsRead.class)
class UnreadJobsTest {
    /** A replica that reads no more than one job at a time. */
    public static class OneIsRead implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("omni.job.spool.max-jobs", "1");
        }
    }

    @Test
    void aJobThatCannotBeReadCountsOnlyAsLongAsItRuns() {
        JobCalls calls = JobCalls.ofSomebody();
        calls.started("sleep 60");
        calls.started("true");
        calls.started("true");

        await().atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> running(calls.userId()) == 1);
    }

    private static int running(String user) {
        return as(user).get("/api/v1/limits")
                .then()
                .statusCode(200)
                .extract()
                .jsonPath()
                .getInt("quotas.find { it.name == 'jobs_per_user' }.used");
    }
}
