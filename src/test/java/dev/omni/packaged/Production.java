package dev.omni.packaged;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.smallrye.jwt.build.Jwt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** What an operator gives the packaged application: where tokens come from. No Daytona. */
public class Production implements QuarkusTestResourceLifecycleManager {
    private static final String ISSUER = "https://issuer.example";
    private static final String AUDIENCE = "omni";
    private static final KeyPair KEYS = keys();
    private static final int MANAGEMENT_PORT = freePort();

    private Path publicKey = Path.of("");

    @Override
    public Map<String, String> start() {
        try {
            publicKey = Files.createTempFile("issuer", ".pem");
            Files.writeString(
                    publicKey,
                    "-----BEGIN PUBLIC KEY-----\n"
                            + Base64.getMimeEncoder(64, new byte[] {'\n'})
                                    .encodeToString(KEYS.getPublic().getEncoded())
                            + "\n-----END PUBLIC KEY-----\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<String, String> settings = new HashMap<>();
        settings.put("quarkus.http.port", Integer.toString(freePort()));
        settings.put("quarkus.management.port", Integer.toString(MANAGEMENT_PORT));
        settings.put("mp.jwt.verify.publickey.location", publicKey.toUri().toString());
        settings.put("mp.jwt.verify.issuer", ISSUER);
        settings.put("mp.jwt.verify.audiences", AUDIENCE);
        return settings;
    }

    @Override
    public void stop() {
        try {
            Files.deleteIfExists(publicKey);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String token(String sub) {
        return Jwt.subject(sub)
                .issuer(ISSUER)
                .audience(AUDIENCE)
                .groups(Set.of())
                .expiresIn(Duration.ofMinutes(10))
                .sign(KEYS.getPrivate());
    }

    static String management(String path) {
        return "http://localhost:" + MANAGEMENT_PORT + path;
    }

    private static KeyPair keys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has RSA", e);
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
