package dev.omni.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.uuid.Generators;
import dev.omni.daytona.NewSandbox;
import dev.omni.problem.ProblemException;
import dev.omni.redaction.Redaction;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Turns what a user asks for into what Daytona is asked for: the name, the labels, the environment, the policy. */
@ApplicationScoped
class Blueprints {
    /** Daytona reads bodies of up to 100 KB, and JSON may need more than one byte for one. */
    private static final int MAX_ENV_BYTES = 64 * 1024;

    /** The same request always gives the same text, however its fields and entries were ordered. */
    private static final ObjectWriter CANONICAL = JsonMapper.builder()
            .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build()
            .writer();

    private final SandboxConfig config;

    Blueprints(SandboxConfig config) {
        this.config = config;
        List<String> secrets = config.env().entrySet().stream()
                .filter(variable -> Redaction.namesSecret(variable.getKey()))
                .map(Map.Entry::getValue)
                .toList();
        Redaction.know(() -> secrets);
    }

    /** The user's default sandbox. */
    NewSandbox defaultOf(String owner) {
        Map<String, String> labels = labels(owner, SandboxLabels.PURPOSE_DEFAULT);
        labels.put(SandboxLabels.NAME, SandboxLabels.PURPOSE_DEFAULT);
        return new NewSandbox(
                name(owner, "default"),
                config.snapshot().orElse(null),
                env(owner, Map.of()),
                labels,
                null,
                null,
                null,
                config.idle().stopAfterMinutes(),
                config.idle().archiveAfterMinutes(),
                config.idle().deleteAfterMinutes(),
                false,
                List.of());
    }

    /** A sandbox as requested. Fails with {@code validation_failed} where the fields do not go together. */
    NewSandbox of(String owner, NewSandboxRequest request, @Nullable String idempotencyKey) {
        check(request);
        Map<String, String> labels = labels(owner, SandboxLabels.PURPOSE_USER);
        labels.putAll(request.labels());
        String name;
        if (idempotencyKey != null) {
            name = name(owner, "key", idempotencyKey);
            labels.put(SandboxLabels.KEY, Fingerprint.of(owner, idempotencyKey));
            labels.put(SandboxLabels.REQUEST, Fingerprint.of(owner, canonical(request)));
        } else if (request.name() != null) {
            name = name(owner, "name", request.name());
        } else {
            name = prefix() + Generators.timeBasedEpochGenerator().generate();
        }
        if (request.name() != null) {
            labels.put(SandboxLabels.NAME, request.name());
        }
        NewSandboxRequest.Resources resources = request.resources();
        NewSandboxRequest.Idle idle = request.idle();
        NewSandboxRequest.Network network = request.network();
        String snapshot = request.snapshot();
        return new NewSandbox(
                name,
                snapshot == null ? config.snapshot().orElse(null) : snapshot,
                env(owner, request.env()),
                labels,
                resources == null ? null : resources.cpu(),
                resources == null ? null : resources.memoryGiB(),
                resources == null ? null : resources.diskGiB(),
                or(idle == null ? null : idle.stopAfterMinutes(), config.idle().stopAfterMinutes()),
                or(
                        idle == null ? null : idle.archiveAfterMinutes(),
                        config.idle().archiveAfterMinutes()),
                or(
                        idle == null ? null : idle.deleteAfterMinutes(),
                        config.idle().deleteAfterMinutes()),
                network != null && Boolean.TRUE.equals(network.blockAll()),
                network == null ? List.of() : network.allow());
    }

    private void check(NewSandboxRequest request) {
        if (request.resources() != null
                && (request.snapshot() != null || config.snapshot().isPresent())) {
            throw ProblemException.invalid("resources", "must be absent: the snapshot decides them");
        }
        check(request.idle());
        NewSandboxRequest.Network network = request.network();
        if (network != null
                && Boolean.TRUE.equals(network.blockAll())
                && !network.allow().isEmpty()) {
            throw ProblemException.invalid("network.allow", "must be empty where network.blockAll is true");
        }
        long envBytes = 0;
        for (Map.Entry<String, String> variable : request.env().entrySet()) {
            envBytes += utf8Length(variable.getKey()) + utf8Length(variable.getValue());
        }
        if (envBytes > MAX_ENV_BYTES) {
            throw ProblemException.invalid("env", "must be at most " + MAX_ENV_BYTES + " bytes in all");
        }
    }

    /** Fails with {@code validation_failed} where it is more than sandboxes may have. */
    void check(NewSandboxRequest.@Nullable Idle idle) {
        if (idle != null) {
            SandboxConfig.MaxIdle max = config.maxIdle();
            atMost("idle.stopAfterMinutes", idle.stopAfterMinutes(), max.stopAfterMinutes());
            atMost("idle.archiveAfterMinutes", idle.archiveAfterMinutes(), max.archiveAfterMinutes());
            atMost("idle.deleteAfterMinutes", idle.deleteAfterMinutes(), max.deleteAfterMinutes());
        }
    }

    private static void atMost(String field, @Nullable Integer minutes, int max) {
        if (minutes != null && minutes > max) {
            throw ProblemException.invalid(field, "must be less than or equal to " + max);
        }
    }

    private static int or(@Nullable Integer chosen, int otherwise) {
        return chosen == null ? otherwise : chosen;
    }

    private Map<String, String> labels(String owner, String purpose) {
        Map<String, String> labels = new HashMap<>(SandboxLabels.of(owner, config.environment()));
        labels.put(SandboxLabels.PURPOSE, purpose);
        labels.put(SandboxLabels.ATTEMPT, UUID.randomUUID().toString());
        return labels;
    }

    private Map<String, String> env(String owner, Map<String, String> requested) {
        Map<String, String> env = new HashMap<>(config.env());
        env.putAll(requested);
        env.put("USER_ID", owner);
        return env;
    }

    private String name(String owner, String... parts) {
        return prefix() + Fingerprint.of(config.environment(), owner, Fingerprint.of(parts));
    }

    private String prefix() {
        return "omni-" + config.environment() + "-";
    }

    private static String canonical(NewSandboxRequest request) {
        try {
            return CANONICAL.writeValueAsString(request);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A request that was read can be written", e);
        }
    }

    private static int utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
