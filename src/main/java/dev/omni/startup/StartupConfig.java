package dev.omni.startup;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** What the checks at start let pass. Public only because the validation of the configuration must read it. */
@ConfigMapping(prefix = "omni.startup")
public interface StartupConfig {
    String ALLOW_INSECURE_LOOPBACK = "omni.startup.allow-insecure-loopback";
    String ALLOW_NO_AUTO_STOP = "omni.startup.allow-no-auto-stop";

    /** Whether Daytona and the issuer's keys may be at plain http addresses of this very machine, as in tests. */
    @WithDefault("false")
    boolean allowInsecureLoopback();

    /** Whether sandboxes that nobody uses may run, and cost, for ever. */
    @WithDefault("false")
    boolean allowNoAutoStop();
}
