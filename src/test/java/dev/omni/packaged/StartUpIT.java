package dev.omni.packaged;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.packaged.PackagedApplication.Ended;
import java.io.IOException;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The packaged application looks at its configuration before it does anything. Its ports are taken here all the time. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StartUpIT {
    private static final String KEY = "dtn_s3cr3t";

    private final Issuer issuer = new Issuer();

    StartUpIT() throws Exception {}

    @AfterAll
    void end() throws IOException {
        issuer.close();
    }

    private Map<String, String> good() throws IOException {
        return issuer.settings(URI.create("https://app.daytona.io/api"), KEY);
    }

    private Map<String, String> bad() throws IOException {
        Map<String, String> settings = new HashMap<>(good());
        settings.put("OMNI_DAYTONA_API_URL", "http://app.daytona.io/api");
        settings.put("OMNI_DAYTONA_API_KEY", KEY);
        settings.put("OMNI_SANDBOX_ENV_ANTHROPIC_API_KEY", KEY);
        settings.put("QUARKUS_HTTP_CORS_ORIGINS", "*");
        settings.put("OMNI_SANDBOX_IDLE_STOP_AFTER_MINUTES", "0");
        settings.remove("MP_JWT_VERIFY_ISSUER");
        return settings;
    }

    private static final List<String> FAULTS_OF_BAD = List.of(
            "quarkus.http.cors.origins: * lets every website call",
            "omni.daytona.api-url: is not an https address",
            "mp.jwt.verify.issuer: is not set",
            "omni.daytona.api-key: is a secret, and given by the environment variable OMNI_DAYTONA_API_KEY",
            "put it into the file omni.sandbox.secret-env.ANTHROPIC_API_KEY",
            "omni.sandbox.idle.stop-after-minutes: is 0");

    @Test
    void aCheckOfAGoodConfigurationSaysSoAndEndsWithoutOpeningAPort() throws Exception {
        Ended ended = PackagedApplication.run(good(), "--check");

        assertThat(ended.output())
                .contains("ok     secrets", "ok     keys of tokens", "note   omni.proxy.trusted: is not set")
                .endsWith("Omni would start." + System.lineSeparator())
                .doesNotContain("fault", KEY, "\tat ");
        assertThat(ended.exitCode()).isZero();
    }

    @Test
    void aCheckOfABadOneTellsEveryFault() throws Exception {
        Ended ended = PackagedApplication.run(bad(), "--check");

        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.output().lines().filter(line -> line.startsWith("fault")))
                .hasSameSizeAs(FAULTS_OF_BAD)
                .allSatisfy(line -> assertThat(FAULTS_OF_BAD).anyMatch(line::contains));
        assertThat(ended.output()).contains("Omni would not start.").doesNotContain(KEY, "\tat ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"prod", "staging"})
    void theServiceDoesNotStartWithFaultsAndSaysAllOfThem(String profile) throws Exception {
        Map<String, String> settings = bad();
        settings.put("QUARKUS_PROFILE", profile);

        Ended ended = PackagedApplication.run(settings);

        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.output().lines().filter(line -> line.contains("Not started: ")))
                .hasSameSizeAs(FAULTS_OF_BAD)
                .allSatisfy(line -> assertThat(FAULTS_OF_BAD).anyMatch(line::contains));
        assertThat(ended.output()).doesNotContain(KEY, "\tat ", "Exception", "Address already in use");
    }

    @Test
    void aMistypedCheckIsNoServiceThatRuns() throws Exception {
        Ended ended = PackagedApplication.run(good(), "--chek");

        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.output())
                .contains("There is no argument --chek, only --check")
                .doesNotContain("\tat ");
    }
}
