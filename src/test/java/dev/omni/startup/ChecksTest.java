package dev.omni.startup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.secret.SecretSourceFactory;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each fault alone is told in its one line, and all of them together in as many. */
class ChecksTest {
    private static final String SECRET = "s3cr3t-value";

    @TempDir
    static Path files;

    @BeforeAll
    static void writeKeys() throws IOException, GeneralSecurityException {
        write("rsa2048.pem", pem("PUBLIC KEY", rsa(2048).getPublic().getEncoded()));
        write("rsa1024.pem", pem("PUBLIC KEY", rsa(1024).getPublic().getEncoded()));
        write("private.pem", pem("PRIVATE KEY", rsa(2048).getPrivate().getEncoded()));
        KeyPairGenerator ec = KeyPairGenerator.getInstance("EC");
        ec.initialize(new ECGenParameterSpec("secp256r1"));
        write("ec256.pem", pem("PUBLIC KEY", ec.generateKeyPair().getPublic().getEncoded()));
        write("garbage.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
        write("symmetric.json", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"" + SECRET + "\"}]}");
        write("short.json", "{\"keys\":[" + jwk(rsa(1024)) + "," + jwk(rsa(2048)) + "]}");
        write("empty.json", "{\"keys\":[]}");
        write("good.json", "{\"keys\":[" + jwk(rsa(2048)) + "]}");
    }

    /** What an operator sets who has read the documentation. */
    private static Map<String, String> good() {
        return new HashMap<>(
                Map.ofEntries(
                        Map.entry("omni.daytona.api-url", "https://app.daytona.io/api"),
                        Map.entry("omni.daytona.organization-id", "org-1"),
                        Map.entry("omni.secret.directory", files.toString()),
                        Map.entry("mp.jwt.verify.publickey.location", "https://issuer.example/jwks.json"),
                        Map.entry("mp.jwt.verify.publickey.algorithm", "RS256"),
                        Map.entry("mp.jwt.verify.issuer", "https://issuer.example"),
                        Map.entry("mp.jwt.verify.audiences", "omni"),
                        Map.entry("omni.sandbox.idle.stop-after-minutes", "15"),
                        Map.entry(
                                "quarkus.http.cors.origins",
                                "https://app.example.com,https://b.example:8443,"
                                        + "app://shell,/https://.*[.]c[.]example/,/https://pr-[0-9]+[.]d[.]example(:[0-9]+)?/")));
    }

    record Fault(String key, String value, String line) {}

    private static List<Fault> faults() {
        String plain = "is a secret, and given by a properties file or the image; put it into the file ";
        return List.of(
                new Fault("quarkus.http.cors.origins", "*", "quarkus.http.cors.origins: * lets every website call"),
                new Fault("quarkus.http.cors.origins", "/.*/", "the pattern /.*/ lets every website call"),
                new Fault(
                        "quarkus.http.cors.origins",
                        "https://a.example,/https:.+/",
                        "the pattern /https:.+/ lets every"),
                new Fault("quarkus.http.cors.origins", "null", "null is what every website can call itself"),
                new Fault("quarkus.http.cors.origins", "/https://.*example.com/", "a dot stands for any letter"),
                new Fault("quarkus.http.cors.origins", "/https://.*example[.]com/", "a dot stands for any letter"),
                new Fault(
                        "quarkus.http.cors.origins", "/https://app[.]example[.]com.*/", "a dot stands for any letter"),
                new Fault(
                        "quarkus.http.cors.origins", "/https://[a-z]+\\.example\\.com/", "a dot stands for any letter"),
                new Fault("quarkus.http.cors.origins", "/https?://app[.]example[.]com/", "lets in what is not https"),
                new Fault("quarkus.http.cors.origins", "https://*.example.com", "is no origin as browsers write it"),
                new Fault("quarkus.http.cors.origins", "https://app.example.com/", "is no origin as browsers write it"),
                new Fault("quarkus.http.cors.origins", "https://App.example.com", "is no origin as browsers write it"),
                new Fault("quarkus.http.cors.origins", "https://app.example.com:443", "is no origin as browsers"),
                new Fault("quarkus.http.cors.origins", "app.example.com", "is no origin as browsers write it"),
                new Fault("quarkus.http.cors.origins", "http://app.example.com", "is not https"),
                new Fault("quarkus.http.cors.origins", "/(/", "/(/ is no pattern"),
                new Fault("omni.daytona.api-url", "http://app.daytona.io/api", "omni.daytona.api-url: is not an https"),
                new Fault("omni.daytona.api-url", "http://127.0.0.1:3000/api", "omni.daytona.api-url: is not an https"),
                new Fault(
                        "omni.daytona.api-url",
                        "https://key:" + SECRET + "@d.example/api",
                        "holds a name or a password"),
                new Fault("omni.daytona.api-url", "app.daytona.io", "omni.daytona.api-url: is not an https address"),
                new Fault("omni.daytona.organization-id", "", "omni.daytona.organization-id: is not set"),
                new Fault("mp.jwt.verify.issuer", "", "mp.jwt.verify.issuer: is not set"),
                new Fault("mp.jwt.verify.issuer", "omni-dev", "omni-dev is the issuer of development"),
                new Fault("mp.jwt.verify.issuer", "omni-test", "omni-test is the issuer of development"),
                new Fault("mp.jwt.verify.audiences", "", "mp.jwt.verify.audiences: is not set"),
                new Fault("mp.jwt.verify.publickey.location", "", "mp.jwt.verify.publickey.location: is not set"),
                new Fault(
                        "mp.jwt.verify.publickey.location",
                        "http://issuer.example/jwks.json",
                        "is not an https address"),
                new Fault("mp.jwt.verify.publickey.location", "key.pem", "names a key inside the image"),
                new Fault("mp.jwt.verify.publickey.location", "classpath:key.pem", "names a key inside the image"),
                new Fault("mp.jwt.verify.publickey.location", file("absent.pem"), "the file cannot be read"),
                new Fault("mp.jwt.verify.publickey.location", file("garbage.pem"), "holds no public RSA or EC key"),
                new Fault("mp.jwt.verify.publickey.location", file("private.pem"), "is a private key"),
                new Fault(
                        "mp.jwt.verify.publickey.location",
                        file("rsa1024.pem"),
                        "an RSA key of 1024 bits, which is too short"),
                new Fault("mp.jwt.verify.publickey.location", file("symmetric.json"), "holds a symmetric key"),
                new Fault("mp.jwt.verify.publickey.location", file("short.json"), "an RSA key of 1024 bits"),
                new Fault("mp.jwt.verify.publickey.algorithm", "HS256", "HS256 is not allowed"),
                new Fault("smallrye.jwt.verify.secretkey", SECRET, "smallrye.jwt.verify.secretkey: is a symmetric key"),
                new Fault("smallrye.jwt.sign.key", SECRET, "smallrye.jwt.sign.key: is a key that tokens are made with"),
                new Fault("smallrye.jwt.sign.key.location", "/x.pem", "smallrye.jwt.sign.key.location: is a key that"),
                new Fault("omni.daytona.api-key", SECRET, "omni.daytona.api-key: " + plain + "omni.daytona.api-key"),
                new Fault("quarkus.redis.password", SECRET, "quarkus.redis.password: " + plain),
                new Fault("omni.sentry.dsn", "https://" + SECRET + "@sentry.example/1", "omni.sentry.dsn: " + plain),
                new Fault("omni.sentry.salt", SECRET, "omni.sentry.salt: " + plain + "omni.sentry.salt"),
                new Fault("quarkus.log.sentry.dsn", SECRET, "quarkus.log.sentry.dsn: is not read"),
                new Fault("quarkus.log.sentry.enabled", "true", "quarkus.log.sentry.enabled: is not read"),
                new Fault("quarkus.redis.other.password", SECRET, "quarkus.redis.other.password: " + plain),
                new Fault("quarkus.tls.key-store.p12.password", SECRET, "key-store.p12.password: " + plain),
                new Fault("quarkus.tls.\"a b\".trust-store.jks.password", SECRET, "trust-store.jks.password: " + plain),
                new Fault("quarkus.http.ssl.certificate.key-store-key-password", SECRET, "key-password: " + plain),
                new Fault("omni.some.token", SECRET, "omni.some.token: " + plain + "omni.some.token"),
                new Fault(
                        "quarkus.redis.hosts",
                        "redis://:" + SECRET + "@redis:6379",
                        "quarkus.redis.hosts: holds a password"),
                new Fault(
                        "omni.sandbox.secret-env.ANTHROPIC_API_KEY", SECRET, "secret-env.ANTHROPIC_API_KEY: " + plain),
                new Fault(
                        "OMNI_SANDBOX_SECRET_ENV_NPM_TOKEN",
                        SECRET,
                        plain + "omni.sandbox.secret-env.NPM_TOKEN of omni.secret.directory"),
                new Fault(
                        "omni.sandbox.env.ANTHROPIC_API_KEY",
                        SECRET,
                        plain + "omni.sandbox.secret-env.ANTHROPIC_API_KEY of omni.secret.directory"),
                new Fault("omni.secret.directory", "/no/such/directory", "/no/such/directory is no directory"),
                new Fault("omni.sandbox.idle.stop-after-minutes", " +00", "omni.sandbox.idle.stop-after-minutes: is 0"),
                new Fault("omni.sandbox.idle.stop-after-minutes", "0", "omni.sandbox.idle.stop-after-minutes: is 0"),
                new Fault(
                        "quarkus.http.proxy.allow-x-forwarded",
                        "true",
                        "quarkus.http.proxy.trusted-proxies: is not set"),
                new Fault("quarkus.http.proxy.proxy-address-forwarding", "true", "trusted-proxies: is not set"),
                new Fault("quarkus.tls.trust-all", "true", "quarkus.tls.trust-all: anybody could pose"),
                new Fault("quarkus.tls.redis.trust-all", "TRUE", "quarkus.tls.redis.trust-all: anybody could pose"),
                new Fault("quarkus.redis.tls.trust-all", "true", "quarkus.redis.tls.trust-all: anybody could pose"),
                new Fault("quarkus.tls.redis.hostname-verification-algorithm", "none", "algorithm: anybody could pose"),
                new Fault("quarkus.rest-client.toolbox.verify-host", "false", "verify-host: anybody could pose"),
                new Fault("smallrye.jwt.client.tls.trust-all", "true", "client.tls.trust-all: anybody could pose"),
                new Fault("omni.proxy.trusted", "0.0.0.0/1,128.0.0.0/8", "0.0.0.0/1 is next to everybody"),
                new Fault("omni.proxy.trusted", "2001::/15", "2001::/15 is next to everybody"),
                new Fault("omni.proxy.trusted", "10.0.0.0/x", "10.0.0.0/x is no network"),
                new Fault("omni.proxy.trusted", "10.0.0.0/8,::/0", "omni.proxy.trusted: ::/0 is next to everybody"),
                new Fault(
                        "omni.job.spool.directory",
                        files.resolve("good.json").toString(),
                        "is no directory that can be written to"),
                new Fault(
                        "omni.job.spool.directory",
                        files.resolve("good.json/spools").toString(),
                        "/spools, named"));
    }

    static Stream<Arguments> eachFault() {
        return faults().stream().map(fault -> Arguments.of(fault.key() + "=" + fault.value(), fault));
    }

    @Test
    void whatIsDocumentedPasses() {
        assertThat(found(good())).isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("eachFault")
    void aFaultAloneGivesItsOneLine(String name, Fault fault) {
        Map<String, String> settings = good();
        settings.put(fault.key(), fault.value());

        assertThat(found(settings))
                .singleElement()
                .asString()
                .contains(fault.line())
                .doesNotContain(SECRET)
                .doesNotContain("\n");
    }

    @Test
    void allFaultsAreToldAtOnce() {
        Map<String, String> settings = good();
        Map<String, String> lines = new HashMap<>();
        faults().forEach(fault -> {
            settings.put(fault.key(), fault.value());
            lines.put(fault.key(), fault.line());
        });
        // Forwarding that is on twice lacks its networks once.
        lines.remove("quarkus.http.proxy.proxy-address-forwarding");

        List<String> found = found(settings);

        lines.values().forEach(line -> assertThat(found).anyMatch(fault -> fault.contains(line)));
        assertThat(found).hasSameSizeAs(lines.values()).noneMatch(fault -> fault.contains(SECRET));
    }

    @Test
    void withoutADaytonaItStartsAndSaysSoToItsCallers() {
        Map<String, String> settings = good();
        settings.remove("omni.daytona.api-url");
        settings.remove("omni.daytona.organization-id");

        assertThat(found(settings)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://127.0.0.1:3000/api", "http://localhost:3000/api", "http://[::1]:3000/api"})
    void testsMayUseLoopbackWithExplicitLeave(String url) {
        Map<String, String> settings = good();
        settings.put("omni.startup.allow-insecure-loopback", "true");
        settings.put("omni.daytona.api-url", url);
        settings.put("mp.jwt.verify.publickey.location", url);

        assertThat(found(settings)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://10.0.0.1/api",
                "http://127.0.0.1.example.com/api",
                "http://localhost.example.com/api",
                "http://169.254.169.254/api",
                "ftp://127.0.0.1/api"
            })
    void thatLeaveExcusesNothingElse(String url) {
        Map<String, String> settings = good();
        settings.put("omni.startup.allow-insecure-loopback", "true");
        settings.put("omni.daytona.api-url", url);

        assertThat(found(settings)).singleElement().asString().contains("is not an https address");
    }

    @Test
    void sandboxesMayRunForEverWhenThatIsSaidTwice() {
        Map<String, String> settings = good();
        settings.put("omni.sandbox.idle.stop-after-minutes", "0");
        settings.put("omni.startup.allow-no-auto-stop", "true");

        assertThat(found(settings)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"rsa2048.pem,RS256", "ec256.pem,ES256", "good.json,RS256", "good.json,'RS256,ES256'"})
    void goodKeysInMountedFilesPass(String name, String algorithm) {
        for (String location : List.of(file(name), files.resolve(name).toString())) {
            Map<String, String> settings = good();
            settings.put("mp.jwt.verify.publickey.algorithm", algorithm);
            settings.put("mp.jwt.verify.publickey.location", location);

            assertThat(found(settings)).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"rsa2048.pem,ES256", "ec256.pem,RS256", "good.json,ES256", "empty.json,RS256"})
    void aKeyThatVerifiesNoTokenOfTheAlgorithmIsAFault(String name, String algorithm) {
        Map<String, String> settings = good();
        settings.put("mp.jwt.verify.publickey.location", file(name));
        settings.put("mp.jwt.verify.publickey.algorithm", algorithm);
        assertThat(found(settings)).singleElement().asString().contains("holds no key for " + algorithm);

        settings.put("mp.jwt.verify.publickey.algorithm", "RS256,ES256");
        settings.put("smallrye.jwt.verify.algorithm", algorithm);
        assertThat(found(settings)).singleElement().asString().contains("holds no key for " + algorithm);
    }

    @Test
    void aLocationThatOnlyTheLibraryReadsIsNotEnough() {
        Map<String, String> settings = good();
        settings.remove("mp.jwt.verify.publickey.location");
        settings.put("smallrye.jwt.verify.key.location", "https://issuer.example/jwks.json");

        assertThat(found(settings))
                .singleElement()
                .asString()
                .contains("mp.jwt.verify.publickey.location: is not set", "not as smallrye.jwt.verify.key.location");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sentry.example/1",
                "https://sentry.example/1",
                "https://:s3cr3t-value@sentry.example/1",
                "https://s3cr3t-value@sentry.example/",
                "https://s3cr3t-value@/1",
                "https://s3cr3t-value@sentry.example:x/1",
                "ftp://s3cr3t-value@sentry.example/1",
                "mailto:s3cr3t-value",
                "s3cr3t value"
            })
    void aFileThatHoldsNoDsnIsAFault(String dsn) throws IOException {
        assertThat(found(withSecret("omni.sentry.dsn", dsn)))
                .singleElement()
                .asString()
                .contains("omni.sentry.dsn: is no DSN")
                .doesNotContain("s3cr3t");
    }

    @Test
    void aSecretFileOfEverySandboxIsAFaultSinceDaytonaShowsIt() throws IOException {
        assertThat(found(withSecret("omni.sandbox.env.A_KEY", SECRET)))
                .singleElement()
                .asString()
                .contains("omni.sandbox.env.A_KEY: is a secret", "rename its file to omni.sandbox.secret-env.A_KEY")
                .doesNotContain(SECRET);
    }

    @Test
    void whatIsSeldomMeantIsNoted() throws IOException {
        Map<String, String> settings = withSecret("omni.daytona.api-key", SECRET);
        assertThat(Checks.notes(settings(settings)))
                .singleElement()
                .asString()
                .startsWith("omni.proxy.trusted: is not");
        settings.put("omni.proxy.trusted", "10.0.0.0/8");
        assertThat(Checks.notes(settings(settings))).isEmpty();

        settings.put("omni.secret.directory", files.toString());
        assertThat(Checks.notes(settings(settings)))
                .singleElement()
                .asString()
                .startsWith("omni.daytona.api-key: there");
        settings.remove("omni.daytona.api-url");
        assertThat(Checks.notes(settings(settings))).singleElement().asString().startsWith("omni.daytona.api-url: is");
    }

    @Test
    void aDirectoryOfSpoolsNeedNotBeThereYet() {
        Map<String, String> settings = good();
        settings.put("omni.job.spool.directory", files.resolve("not/yet").toString());

        assertThat(found(settings)).isEmpty();
    }

    @Test
    void aKeyOfTlsIsTheNameOfAFile() {
        Map<String, String> settings = good();
        settings.put("quarkus.tls.redis.key-store.pem.0.key", "/run/tls/key.pem");

        assertThat(found(settings)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/8,fc00::/7", "2001:db8::/32", "203.0.113.7"})
    void networksOfProxiesMayBeTrusted(String networks) {
        for (String key : List.of("omni.proxy.trusted", "quarkus.http.proxy.trusted-proxies")) {
            Map<String, String> settings = good();
            settings.put(key, networks);

            assertThat(found(settings)).isEmpty();
        }
    }

    @Test
    void proxiesThatAreNamedMayForward() {
        Map<String, String> settings = good();
        settings.put("quarkus.http.proxy.proxy-address-forwarding", "true");
        settings.put("quarkus.http.proxy.trusted-proxies", "10.0.0.0/8");
        assertThat(found(settings)).isEmpty();

        settings.put("quarkus.http.proxy.trusted-proxies", "10.0.0.0/8,0.0.0.0/0");
        assertThat(found(settings)).singleElement().asString().contains("0.0.0.0/0 is next to everybody");
        settings.put("quarkus.http.proxy.trusted-proxies", "0.0.0.0/1,128.0.0.0/1");
        assertThat(found(settings)).hasSize(2).allMatch(fault -> fault.contains("/1 is next to everybody"));
    }

    @Test
    void secretsInFilesPassAndALeftoverBesideThemDoesNot() throws IOException {
        Path directory = Files.createTempDirectory(files, "secrets");
        for (String name : List.of(
                "omni.daytona.api-key",
                "quarkus.redis.password",
                "omni.sentry.salt",
                "omni.sandbox.secret-env.ANTHROPIC_API_KEY")) {
            Files.writeString(directory.resolve(name), SECRET);
        }
        Files.writeString(directory.resolve("omni.sentry.dsn"), "https://" + SECRET + "@sentry.example:9000/a/1\n");
        Map<String, String> settings = good();
        settings.put("omni.secret.directory", directory.toString());
        assertThat(found(settings)).isEmpty();

        settings.put("omni.daytona.api-key", "leftover");
        assertThat(found(settings)).singleElement().asString().contains("omni.daytona.api-key: is a secret");
    }

    private static Map<String, String> withSecret(String name, String value) throws IOException {
        Path directory = Files.createTempDirectory(files, "secrets");
        Files.writeString(directory.resolve(name), value);
        Map<String, String> settings = good();
        settings.put("omni.secret.directory", directory.toString());
        return settings;
    }

    private static List<String> found(Map<String, String> properties) {
        Settings settings = settings(properties);
        return Checks.ALL.stream()
                .flatMap(check -> check.faults().apply(settings).stream())
                .toList();
    }

    private static Settings settings(Map<String, String> properties) {
        return new Settings(new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withSources(new PropertiesConfigSource(properties, "application.properties", 250))
                .withSources(new SecretSourceFactory())
                .build());
    }

    private static String file(String name) {
        return files.resolve(name).toUri().toString();
    }

    private static void write(String name, String content) throws IOException {
        Files.writeString(files.resolve(name), content);
    }

    private static KeyPair rsa(int bits) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    private static String pem(String type, byte[] der) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(der)
                + "\n-----END " + type + "-----\n";
    }

    private static String jwk(KeyPair keys) {
        byte[] modulus = ((RSAPublicKey) keys.getPublic()).getModulus().toByteArray();
        return "{\"kty\":\"RSA\",\"kid\":\"k\",\"e\":\"AQAB\",\"n\":\""
                + Base64.getUrlEncoder().withoutPadding().encodeToString(modulus) + "\"}";
    }
}
