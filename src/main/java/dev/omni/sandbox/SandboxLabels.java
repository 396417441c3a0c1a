package dev.omni.sandbox;

import dev.omni.daytona.RemoteSandbox;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The labels that make a Daytona sandbox one of ours. They are the only record of who owns what, so every replica, after
 * every restart, reads the same.
 */
final class SandboxLabels {
    /** No caller may set or see labels that start like this. */
    static final String PREFIX = "omni.";

    static final String MANAGED = "omni.managed";
    /** Environments may share one Daytona organisation and never touch each other's sandboxes. */
    static final String ENVIRONMENT = "omni.env";

    static final String OWNER = "omni.owner";
    static final String PURPOSE = "omni.purpose";
    static final String PURPOSE_DEFAULT = "default";
    static final String PURPOSE_USER = "user";
    /** The name the caller chose. */
    static final String NAME = "omni.name";
    /** Fingerprint of the idempotency key. */
    static final String KEY = "omni.key";
    /** Fingerprint of the request that came with the key. */
    static final String REQUEST = "omni.request";
    /** One per call to create: tells our own sandbox, whose answer was lost, from one that had the name before. */
    static final String ATTEMPT = "omni.attempt";

    /** Put on sandboxes by Daytona's own SDKs; says nothing to a user. */
    private static final String SDK_LANGUAGE = "code-toolbox-language";

    private SandboxLabels() {}

    /** The labels that belong to the caller, in the order of their keys. */
    static Map<String, String> visible(Map<String, String> labels) {
        Map<String, String> visible = new TreeMap<>(labels);
        visible.keySet().removeIf(key -> key.startsWith(PREFIX) || key.equals(SDK_LANGUAGE));
        return visible;
    }

    /** The labels with the caller's own replaced and all others kept. */
    static Map<String, String> replaceVisible(Map<String, String> labels, Map<String, String> visible) {
        Map<String, String> replaced = new TreeMap<>(labels);
        replaced.keySet().removeAll(visible(labels).keySet());
        replaced.putAll(visible);
        return replaced;
    }

    /** Whose sandbox it is, if it is one of this environment. */
    static @Nullable String owner(RemoteSandbox sandbox, String environment) {
        Map<String, String> labels = sandbox.labels();
        return "true".equals(labels.get(MANAGED)) && environment.equals(labels.get(ENVIRONMENT))
                ? labels.get(OWNER)
                : null;
    }

    /** What all sandboxes of a user have in common. */
    static Map<String, String> of(String owner, String environment) {
        return Map.of(MANAGED, "true", ENVIRONMENT, environment, OWNER, owner);
    }
}
