package dev.omni.job;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;

/** A hash that tells requests apart: equal for equal content, on every replica and in every version. */
final class Fingerprint {
    private final byte[] bytes;

    private Fingerprint(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Of a list of texts; the bounds between them count. */
    static Fingerprint of(String... parts) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            for (String part : parts) {
                byte[] text = part.getBytes(StandardCharsets.UTF_8);
                sha256.update((text.length + ":").getBytes(StandardCharsets.US_ASCII));
                sha256.update(text);
            }
            return new Fingerprint(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    static Fingerprint of(NewJob job) {
        List<String> parts = new ArrayList<>();
        switch (job) {
            case NewJob.Command command ->
                parts.addAll(List.of(
                        "command",
                        command.command(),
                        String.valueOf(command.cwd()),
                        command.stdin().toString()));
            case NewJob.Prompt prompt ->
                parts.addAll(List.of(
                        "prompt",
                        prompt.input(),
                        String.valueOf(prompt.model()),
                        String.valueOf(prompt.resume()),
                        String.valueOf(prompt.maxTurns()),
                        String.valueOf(prompt.systemPrompt())));
        }
        parts.add(String.valueOf(job.timeout()));
        new TreeMap<>(job.env()).forEach((name, value) -> parts.addAll(List.of(name, value)));
        return of(parts.toArray(String[]::new));
    }

    byte[] bytes() {
        return bytes.clone();
    }

    /** In hexadecimal. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(bytes);
    }
}
