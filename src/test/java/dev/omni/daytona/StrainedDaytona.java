package dev.omni.daytona;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/** A service that takes little of Daytona at a time and soon loses its trust, and its mistrust. */
public class StrainedDaytona implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
        return Map.of(
                "omni.daytona.circuit.window", "6",
                "omni.daytona.circuit.open-for", "2s",
                "omni.daytona.governor.patience", "300ms",
                "omni.daytona.bulkhead.starts", "2",
                "omni.daytona.bulkhead.toolbox-changes", "4",
                "omni.daytona.bulkhead.toolbox-reads", "4",
                "omni.daytona.bulkhead.per-user", "2",
                "omni.daytona.bulkhead.max-waiting", "4");
    }
}
