package dev.omni.report;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Names that tell users apart and do not tell who they are, to whoever does not have the salt. */
final class Pseudonyms {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int RANDOM_BYTES = 32;
    private static final int SHOWN_BYTES = 8;

    private final SecretKeySpec key;

    Pseudonyms(Optional<String> salt) {
        byte[] bytes = salt.filter(given -> !given.isBlank())
                .map(given -> given.getBytes(StandardCharsets.UTF_8))
                .orElseGet(Pseudonyms::random);
        key = new SecretKeySpec(bytes, ALGORITHM);
    }

    String of(String userId) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            byte[] hash = mac.doFinal(userId.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, SHOWN_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every platform has " + ALGORITHM, e);
        }
    }

    private static byte[] random() {
        byte[] bytes = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }
}
