package dev.omni.packaged;

import io.smallrye.jwt.build.Jwt;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/** Who signs users in, as far as the packaged application can tell. */
public final class Issuer implements AutoCloseable {
    private static final String NAME = "https://issuer.example";
    private static final String AUDIENCE = "omni";

    private final KeyPair keys;
    private final Path publicKey;

    public Issuer() throws IOException, NoSuchAlgorithmException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        keys = generator.generateKeyPair();
        publicKey = Files.createTempFile("issuer", ".pem");
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

    /** The same with a Daytona, to be added to. */
    public Map<String, String> settings(URI daytonaApi, String daytonaKey) {
        Map<String, String> settings = new HashMap<>(settings());
        settings.put("OMNI_DAYTONA_API_URL", daytonaApi.toString());
        settings.put("OMNI_DAYTONA_API_KEY", daytonaKey);
        return settings;
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
    }
}
