package dev.omni.packaged;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** An issuer changes the keys it signs with, and is out of reach for a while. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TokenKeyRotationIT {
    private static final int BELIEVED = 503; // By a service without a Daytona.
    private static final int REFUSED = 401;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Vertx vertx = Vertx.vertx();
    private final Issuer issuer = new Issuer();
    private final Map<String, KeyPair> keys =
            Map.of("first", rsa(2048), "second", rsa(2048), "third", rsa(2048), "short", rsa(1024));
    private final AtomicInteger fetches = new AtomicInteger();
    private volatile String published = set("first");
    private volatile int status = 200;
    private final HttpServer server = vertx.createHttpServer()
            .requestHandler(request -> {
                fetches.incrementAndGet();
                request.response()
                        .setStatusCode(status)
                        .putHeader("Content-Type", "application/json")
                        .putHeader("Cache-Control", "max-age=1")
                        .end(published);
            })
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
    private final PackagedApplication omni = PackagedApplication.start(settings());

    TokenKeyRotationIT() throws Exception {}

    @AfterAll
    void end() throws IOException {
        omni.close();
        issuer.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @Test
    void theKeysOfTheIssuerAreFollowed() {
        assertThat(answer("first")).isEqualTo(BELIEVED);
        assertThat(answer("second")).isEqualTo(REFUSED);

        // Both for a while, so that nobody is signed out.
        published = set("first", "second", "short");
        await().atMost(PATIENCE).until(() -> answer("second") == BELIEVED);
        assertThat(answer("first")).isEqualTo(BELIEVED);
        assertThat(answer("short")).isEqualTo(REFUSED);

        // The old one is withdrawn.
        published = set("second");
        await().atMost(PATIENCE).until(() -> answer("first") == REFUSED);
        assertThat(answer("second")).isEqualTo(BELIEVED);

        // The issuer is down: what was known stays good, and nothing else becomes so.
        status = 500;
        published = "down";
        int before = fetches.get();
        await().atMost(PATIENCE).until(() -> {
            assertThat(answer("second")).isEqualTo(BELIEVED);
            return fetches.get() > before + 1;
        });
        assertThat(answer("third")).isEqualTo(REFUSED);

        // And back, with a new key. Until then it is asked once a minute.
        published = set("third");
        status = 200;
        await().atMost(PATIENCE).until(() -> answer("third") == BELIEVED && answer("second") == REFUSED);
    }

    private int answer(String kid) {
        return given().auth()
                .oauth2(token(kid))
                .get(omni.url("/api/v1/sandboxes"))
                .statusCode();
    }

    /** Made by hand, since no library signs with a key that is too short. */
    private String token(String kid) {
        long now = Instant.now().getEpochSecond();
        String signed = base64("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}".formatted(kid))
                + "."
                + base64("{\"iss\":\"https://issuer.example\",\"aud\":\"omni\",\"sub\":\"alice\",\"iat\":%d,\"exp\":%d}"
                        .formatted(now, now + 3600));
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(keys.get(kid).getPrivate());
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static String base64(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new HashMap<>(issuer.settings());
        settings.put("MP_JWT_VERIFY_PUBLICKEY_LOCATION", "http://127.0.0.1:" + server.actualPort() + "/jwks.json");
        settings.put("OMNI_STARTUP_ALLOW_INSECURE_LOOPBACK", "true");
        return settings;
    }

    private String set(String... kids) {
        return Arrays.stream(kids)
                .map(kid -> {
                    RSAPublicKey key = (RSAPublicKey) keys.get(kid).getPublic();
                    return "{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"}"
                            .formatted(kid, base64(key.getModulus()), base64(key.getPublicExponent()));
                })
                .collect(Collectors.joining(",", "{\"keys\":[", "]}"));
    }

    private static String base64(BigInteger number) {
        byte[] bytes = number.toByteArray();
        int sign = bytes[0] == 0 ? 1 : 0;
        return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOfRange(bytes, sign, bytes.length));
    }

    private static KeyPair rsa(int bits) throws NoSuchAlgorithmException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(bits);
        return generator.generateKeyPair();
    }
}
