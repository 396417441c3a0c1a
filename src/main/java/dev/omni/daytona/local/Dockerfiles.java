package dev.omni.daytona.local;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Pretends to build images: nothing is built, but what would plainly fail does. */
final class Dockerfiles {
    private static final Pattern FAILING_STEP = Pattern.compile("(?i)RUN\\s+(?:false|exit\\s+[1-9]\\d*)");

    private Dockerfiles() {}

    /** The checked {@code buildInfo} of a request; null without one. */
    static @Nullable JsonObject buildInfo(JsonObject request) {
        JsonObject info = request.getJsonObject("buildInfo");
        if (info != null && info.getString("dockerfileContent", "").isBlank()) {
            throw Refusal.controlPlane(400, "buildInfo.dockerfileContent should not be empty");
        }
        return info;
    }

    /** The same text and context always have the same reference. */
    static String ref(JsonObject buildInfo) {
        JsonArray hashes = buildInfo.getJsonArray("contextHashes", new JsonArray());
        List<String> sorted = hashes.stream().map(String::valueOf).sorted().toList();
        String content = buildInfo.getString("dockerfileContent") + String.join("", sorted);
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
            return "daytona-" + HexFormat.of().formatHex(hash) + ":daytona";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Why the build fails: at a step {@code RUN false} or {@code RUN exit N}. Null when it does not. */
    static @Nullable String failure(JsonObject buildInfo) {
        return steps(buildInfo).stream()
                .filter(step -> FAILING_STEP.matcher(step).matches())
                .map(step -> "Build failed at: " + step)
                .findFirst()
                .orElse(null);
    }

    static List<String> steps(JsonObject buildInfo) {
        return buildInfo
                .getString("dockerfileContent")
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                .toList();
    }
}
