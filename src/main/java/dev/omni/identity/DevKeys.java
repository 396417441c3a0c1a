package dev.omni.identity;

import io.quarkus.arc.profile.IfBuildProfile;
import jakarta.inject.Singleton;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;

/** The key that signs a developer's tokens. It lives in memory only and only in dev and test builds. */
@Singleton
@IfBuildProfile(anyOf = {"dev", "test"})
class DevKeys {
    private final KeyPair keys = generate();

    PublicKey publicKey() {
        return keys.getPublic();
    }

    PrivateKey privateKey() {
        return keys.getPrivate();
    }

    static KeyPair generate() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("RSA is missing in this Java runtime", e);
        }
    }
}
