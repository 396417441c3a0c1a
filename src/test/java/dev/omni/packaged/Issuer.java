package dev.omni.packaged;

import io.smallrye.jwt.build.Jwt;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/** Who signs users in, as far as the packaged application can tell. */
public final class Issuer implements AutoCloseable {
    private static final String NAME = "https://issuer.example";
    private static final String AUDIENCE = "omni";

    private final KeyPair keys;
    private final Path publicKey;
    private final Path secrets;

    public Issuer() throws IOException, NoSuchAlgorithmException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        keys = generator.generateKeyPair();
        publicKey = Files.createTempFile("issuer", ".pem");
        secrets = Files.createTempDirectory("secrets");
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(keys.getPublic().getEncoded());
        Files.writeString(publicKey, "-----BEGIN PUBLIC KEY-----\n" + body + "\n-----END PUBLIC KEY-----\n");
    }

    /** What an operator sets. */
    public Map<String, String> settings() {
        return Map.of(
                "MP_JWT_VERIFY_PUBLICKEY_LOCATION", publicKey.toUri().toString(),
                "MP_JWT_VERIFY_ISSUER", NAME,
                "MP_JWT_VERIFY_AUDIENCES", AUDIENCE);
    }

    /** The same with a Daytona on this machine, to be added to. */
    public Map<String, String> settings(URI daytonaApi, String daytonaKey) throws IOException {
        secret("omni.daytona.api-key", daytonaKey);
        Map<String, String> settings = new HashMap<>(settings());
        settings.put("OMNI_SECRET_DIRECTORY", secrets.toString());
        settings.put("OMNI_SECRET_CHECK_INTERVAL", "100ms");
        settings.put("OMNI_DAYTONA_API_URL", daytonaApi.toString());
        settings.put("OMNI_DAYTONA_ORGANIZATION_ID", "00000000-0000-4000-8000-000000000001");
        settings.put("OMNI_STARTUP_ALLOW_INSECURE_LOOPBACK", "true");
        return settings;
    }

    /** Gives a secret as an operator does, in place of one that is there. */
    public void secret(String name, String value) throws IOException {
        Path next = Files.writeString(secrets.resolve("." + name), value + "\n");
        Files.move(next, secrets.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Takes a secret away. */
    public void withdraw(String name) throws IOException {
        Files.delete(secrets.resolve(name));
    }

    public String token(String sub) {
        return Jwt.subject(sub)
                .issuer(NAME)
                .audience(AUDIENCE)
                .expiresIn(Duration.ofHours(1))
                .sign(keys.getPrivate());
    }

    @Override
    public void close() throws IOException {
        Files.delete(publicKey);
        try (Stream<Path> files = Files.list(secrets)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(secrets);
    }
}
