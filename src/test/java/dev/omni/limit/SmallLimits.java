package dev.omni.limit;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/** Limits that a test can use up, behind a proxy that says where clients are. */
public class SmallLimits implements QuarkusTestProfile {
    static final String WEB_APP = "https://app.example";

    /** Those that ask for a token come from one address too. */
    static final int EDGE = 60;

    static final int GENERAL = 50;
    static final int CREATES = 8;
    static final int RUNS = 12;
    static final int UPGRADES = 3;

    @Override
    public Map<String, String> getConfigOverrides() {
        return Map.ofEntries(
                // An hour, so that nothing comes back while a test looks.
                Map.entry("omni.limit.edge", EDGE + "/1H"),
                Map.entry("omni.limit.general", GENERAL + "/1H"),
                Map.entry("omni.limit.create.user", CREATES + "/1H"),
                Map.entry("omni.limit.create.address", CREATES * 2 + "/1H"),
                Map.entry("omni.limit.run.user", RUNS + "/1H"),
                Map.entry("omni.limit.run.address", RUNS * 2 + "/1H"),
                Map.entry("omni.limit.upgrade.user", UPGRADES + "/1H"),
                Map.entry("omni.limit.upgrade.address", UPGRADES * 2 + "/1H"),
                Map.entry("omni.proxy.trusted", "127.0.0.0/8,::1/128"),
                Map.entry("quarkus.http.cors.origins", WEB_APP));
    }
}
