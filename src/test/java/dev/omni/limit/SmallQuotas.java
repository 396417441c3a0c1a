package dev.omni.limit;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/** Quotas that a test can use up. */
public class SmallQuotas implements QuarkusTestProfile {
    static final int SANDBOXES = 3;
    static final int JOBS_PER_USER = 4;
    static final int JOBS_PER_SANDBOX = 3;

    @Override
    public Map<String, String> getConfigOverrides() {
        return Map.of(
                "omni.limit.quota.sandboxes", String.valueOf(SANDBOXES),
                "omni.limit.quota.jobs-per-user", String.valueOf(JOBS_PER_USER),
                "omni.limit.quota.jobs-per-sandbox", String.valueOf(JOBS_PER_SANDBOX));
    }
}
