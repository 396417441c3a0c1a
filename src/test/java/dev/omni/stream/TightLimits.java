package dev.omni.stream;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/** A service that loses patience in seconds, behind a proxy that says where its clients are. */
public class TightLimits implements QuarkusTestProfile {
    static final int MAX_TCP_CONNECTIONS = 40;

    @Override
    public Map<String, String> getConfigOverrides() {
        return Map.ofEntries(
                Map.entry("omni.stream.heartbeat-interval", "1s"),
                Map.entry("omni.stream.pong-timeout", "4s"),
                Map.entry("omni.stream.slow-reader-after", "2s"),
                // 32 KB per second.
                Map.entry("omni.stream.slow-reader-minimum", "64K"),
                Map.entry("omni.stream.send-buffer", "16K"),
                // Long enough for a slow reader to get as far as the close.
                Map.entry("omni.stream.close-timeout", "60s"),
                Map.entry("omni.stream.max-connections-per-address", "4"),
                Map.entry("omni.stream.message-burst", "300"),
                Map.entry("omni.stream.max-pending-messages", "8"),
                Map.entry("quarkus.http.limits.max-connections", String.valueOf(MAX_TCP_CONNECTIONS)),
                Map.entry("quarkus.http.idle-timeout", "10s"),
                Map.entry("omni.proxy.trusted", "127.0.0.0/8"));
    }
}
