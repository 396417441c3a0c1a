package dev.omni.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.omni.daytona.NewSandbox;
import dev.omni.problem.ProblemException;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BlueprintsTest {
    private final Blueprints blueprints = with(Map.of(
            "omni.sandbox.environment", "test",
            "omni.sandbox.env.ANTHROPIC_API_KEY", "shared",
            "omni.sandbox.env.USER_ID", "nobody"));

    @Test
    void theDefaultSandboxOfAUserAlwaysHasTheSameName() {
        assertThat(blueprints.defaultOf("alice").name())
                .isEqualTo(blueprints.defaultOf("alice").name())
                .matches("omni-test-[0-9a-f]{32}");
    }

    @Test
    void noTwoUsersEnvironmentsOrPurposesShareAName() {
        NewSandboxRequest named = request("default-ish", Map.of());
        assertThat(List.of(
                        blueprints.defaultOf("alice").name(),
                        blueprints.defaultOf("bob").name(),
                        with(Map.of("omni.sandbox.environment", "prod"))
                                .defaultOf("alice")
                                .name(),
                        blueprints.of("alice", named, null).name(),
                        blueprints.of("alice", named, "default-ish").name(),
                        blueprints.of("alice", request(null, Map.of()), null).name(),
                        blueprints.of("alice", request(null, Map.of()), null).name()))
                .doesNotHaveDuplicates();
    }

    @Test
    void aKeyDecidesTheNameWhateverTheRequestSays() {
        NewSandbox one = blueprints.of("alice", request("one", Map.of()), "key");
        NewSandbox other = blueprints.of("alice", request("other", Map.of()), "key");
        assertThat(one.name()).isEqualTo(other.name());
        assertThat(one.labels().get(SandboxLabels.REQUEST))
                .isNotEqualTo(other.labels().get(SandboxLabels.REQUEST));
    }

    @Test
    void theOrderOfEntriesMakesNoOtherRequest() {
        NewSandbox one = blueprints.of("alice", request(null, new java.util.LinkedHashMap<>(Map.of("A", "1"))), "key");
        Map<String, String> forth = new java.util.LinkedHashMap<>();
        forth.put("A", "1");
        forth.put("B", "2");
        Map<String, String> back = new java.util.LinkedHashMap<>();
        back.put("B", "2");
        back.put("A", "1");
        assertThat(blueprints.of("alice", request(null, forth), "key").labels().get(SandboxLabels.REQUEST))
                .isEqualTo(blueprints
                        .of("alice", request(null, back), "key")
                        .labels()
                        .get(SandboxLabels.REQUEST))
                .isNotEqualTo(one.labels().get(SandboxLabels.REQUEST));
    }

    @Test
    void everyCallCanBeToldFromEveryOther() {
        assertThat(blueprints.defaultOf("alice").labels().get(SandboxLabels.ATTEMPT))
                .isNotEqualTo(blueprints.defaultOf("alice").labels().get(SandboxLabels.ATTEMPT));
    }

    @Test
    void theOwnerIsAlwaysInTheEnvironmentAndTheCallersOwnVariablesWin() {
        NewSandbox sandbox = blueprints.of("alice", request(null, Map.of("ANTHROPIC_API_KEY", "mine")), null);
        assertThat(sandbox.env()).containsEntry("USER_ID", "alice").containsEntry("ANTHROPIC_API_KEY", "mine");
        assertThat(blueprints.defaultOf("alice").env())
                .containsEntry("USER_ID", "alice")
                .containsEntry("ANTHROPIC_API_KEY", "shared");
    }

    @Test
    void unusedSandboxesAlwaysStopAndGoAwaySomeDay() {
        NewSandbox sandbox = blueprints.of("alice", request(null, Map.of()), null);
        assertThat(sandbox.autoStopMinutes()).isEqualTo(15);
        assertThat(sandbox.autoArchiveMinutes()).isEqualTo(10_080);
        assertThat(sandbox.autoDeleteMinutes()).isEqualTo(43_200);
    }

    @Test
    void resourcesAreRefusedWhereTheServiceHasASnapshotOfItsOwn() {
        NewSandboxRequest request = new NewSandboxRequest(
                null, null, Map.of(), Map.of(), new NewSandboxRequest.Resources(2, null, null), null, null);
        assertThat(blueprints.of("alice", request, null).cpu()).isEqualTo(2);
        assertThatThrownBy(() -> with(Map.of("omni.sandbox.environment", "test", "omni.sandbox.snapshot", "base"))
                        .of("alice", request, null))
                .isInstanceOf(ProblemException.class)
                .hasMessageStartingWith("resources: ");
    }

    private static NewSandboxRequest request(@Nullable String name, Map<String, String> env) {
        return new NewSandboxRequest(name, null, env, Map.of(), null, null, null);
    }

    private static Blueprints with(Map<String, String> properties) {
        return new Blueprints(new SmallRyeConfigBuilder()
                .withSources(new PropertiesConfigSource(properties, "test", 500))
                .withConverter(Duration.class, 100, new DurationConverter())
                .withMapping(SandboxConfig.class)
                .build()
                .getConfigMapping(SandboxConfig.class));
    }
}
