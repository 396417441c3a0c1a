package dev.omni.startup;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What tokens are verified with. Keys behind an address are not fetched here, so that an issuer that is down keeps no replica
 * from starting: one that is too short is refused when a token is verified with it.
 */
final class TokenKeys {
    private static final String INLINE = "mp.jwt.verify.publickey";
    private static final String LOCATION = "mp.jwt.verify.publickey.location";
    private static final String OTHER_LOCATION = "smallrye.jwt.verify.key.location";
    private static final String ALGORITHM = "mp.jwt.verify.publickey.algorithm";
    /** Goes before the other. */
    private static final String OTHER_ALGORITHM = "smallrye.jwt.verify.algorithm";

    private static final String DEFAULT_ALGORITHM = "RS256";
    /** What signatures are made with, by the type of key. */
    private static final Map<String, String> ALGORITHMS = Map.of("RSA", DEFAULT_ALGORITHM, "EC", "ES256");

    private static final int MAX_BYTES = 1024 * 1024;
    private static final int RSA_BITS = 2048;
    private static final int EC_BITS = 256;

    private TokenKeys() {}

    static List<String> faults(Settings settings) {
        List<String> faults = new ArrayList<>();
        for (String key : List.of(ALGORITHM, OTHER_ALGORITHM)) {
            for (String algorithm : settings.texts(key)) {
                if (!ALGORITHMS.containsValue(normal(algorithm))) {
                    faults.add(key + ": " + algorithm + " is not allowed, but RS256 and ES256 are, whose keys can only"
                            + " verify tokens");
                }
            }
        }
        if (isSet(settings, "smallrye.jwt.verify.secretkey")) {
            faults.add("smallrye.jwt.verify.secretkey: is a symmetric key: whoever can verify tokens could make them");
        }
        for (String key : List.of("smallrye.jwt.sign.key", "smallrye.jwt.sign.key.location")) {
            if (isSet(settings, key)) {
                faults.add(key + ": is a key that tokens are made with, as in development; only the issuer has one");
            }
        }
        Optional<String> inline = settings.text(INLINE);
        List<String> locations = Stream.of(LOCATION, OTHER_LOCATION)
                .filter(key -> isSet(settings, key))
                .toList();
        if (inline.isEmpty() && !isSet(settings, LOCATION)) {
            faults.add(LOCATION + ": is not set; say where the keys of tokens are"
                    + (locations.isEmpty() ? "" : ", here and not as " + OTHER_LOCATION));
        }
        inline.ifPresent(text -> inspect(settings, INLINE, text, faults));
        locations.forEach(key -> located(settings, key, settings.text(key).orElseThrow(), faults));
        return faults;
    }

    private static boolean isSet(Settings settings, String key) {
        return settings.text(key).isPresent();
    }

    private static void located(Settings settings, String key, String location, List<String> faults) {
        try {
            URI address = URI.create(location);
            String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
            switch (scheme) {
                case "http", "https" -> {
                    if (!settings.isSecure(address)) {
                        faults.add(key + ": is not an https address, and whoever is on the way could put in keys");
                    }
                }
                case "file" -> inspect(settings, key, read(Path.of(address)), faults);
                case "null" -> {
                    if (location.startsWith("/")) {
                        inspect(settings, key, read(Path.of(location)), faults);
                    } else {
                        faults.add(inTheImage(key));
                    }
                }
                default -> faults.add(inTheImage(key));
            }
        } catch (IllegalArgumentException e) {
            faults.add(key + ": is no address");
        } catch (IOException e) {
            faults.add(key + ": the file cannot be read (" + e.getClass().getSimpleName() + ")");
        }
    }

    private static String inTheImage(String key) {
        return key + ": names a key inside the image; give an https address, or file: and the path of a mounted file";
    }

    private static String read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8);
        }
    }

    private static String normal(String algorithm) {
        return algorithm.strip().toUpperCase(Locale.ROOT);
    }

    /** Complains where no token would ever be verified: each is of a kind that the keys are not for. */
    private static void fitting(Settings settings, String key, Set<String> types, List<String> faults) {
        List<String> expected = Stream.of(OTHER_ALGORITHM, ALGORITHM)
                .map(settings::texts)
                .filter(algorithms -> !algorithms.isEmpty())
                .findFirst()
                .orElse(List.of(DEFAULT_ALGORITHM))
                .stream()
                .map(TokenKeys::normal)
                .toList();
        boolean known = ALGORITHMS.values().containsAll(expected);
        if (known && types.stream().noneMatch(type -> expected.contains(ALGORITHMS.get(type)))) {
            faults.add("%s: holds no key for %s, which %s says tokens are signed with"
                    .formatted(key, String.join(" or ", expected), ALGORITHM));
        }
    }

    private static void inspect(Settings settings, String key, String text, List<String> faults) {
        String keys = text.strip();
        if (keys.startsWith("{")) {
            inspectKeySet(settings, key, keys, faults);
        } else if (keys.contains("PRIVATE KEY")) {
            faults.add(key + ": is a private key, which only the issuer has");
        } else {
            PublicKey publicKey = publicKey(keys);
            if (publicKey == null) {
                faults.add(key + ": holds no public RSA or EC key");
            } else {
                tooShort(key, bits(publicKey), publicKey instanceof RSAPublicKey, faults);
                fitting(settings, key, Set.of(publicKey.getAlgorithm()), faults);
            }
        }
    }

    private static void inspectKeySet(Settings settings, String key, String text, List<String> faults) {
        int before = faults.size();
        Set<String> types = new HashSet<>();
        try {
            JsonNode json = new ObjectMapper().readTree(text);
            for (JsonNode jwk : json.has("keys") ? json.path("keys") : List.of(json)) {
                String type = jwk.path("kty").asText();
                types.add(type);
                if (type.equals("oct")) {
                    faults.add(key + ": holds a symmetric key: whoever can verify tokens could make them");
                } else if (jwk.has("d")) {
                    faults.add(key + ": holds a private key, which only the issuer has");
                } else if (type.equals("RSA")) {
                    byte[] modulus = Base64.getUrlDecoder().decode(jwk.path("n").asText());
                    tooShort(key, new BigInteger(1, modulus).bitLength(), true, faults);
                }
            }
            if (faults.size() == before) {
                fitting(settings, key, types, faults);
            }
        } catch (JacksonException | IllegalArgumentException e) {
            faults.add(key + ": holds no JWK set that can be read");
        }
    }

    private static void tooShort(String key, int bits, boolean rsa, List<String> faults) {
        int least = rsa ? RSA_BITS : EC_BITS;
        if (bits < least) {
            faults.add("%s: holds %s key of %d bits, which is too short; it needs %d"
                    .formatted(key, rsa ? "an RSA" : "an EC", bits, least));
        }
    }

    private static int bits(PublicKey key) {
        return switch (key) {
            case RSAPublicKey rsa -> rsa.getModulus().bitLength();
            case ECPublicKey ec -> ec.getParams().getOrder().bitLength();
            default -> 0;
        };
    }

    private static @Nullable PublicKey publicKey(String pem) {
        try {
            if (pem.contains("BEGIN CERTIFICATE")) {
                return CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)))
                        .getPublicKey();
            }
            byte[] der = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
            for (String algorithm : List.of("RSA", "EC")) {
                PublicKey key = publicKey(algorithm, der);
                if (key != null) {
                    return key;
                }
            }
            return null;
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return null;
        }
    }

    private static @Nullable PublicKey publicKey(String algorithm, byte[] der) throws GeneralSecurityException {
        try {
            return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(der));
        } catch (InvalidKeySpecException anotherKind) {
            return null;
        }
    }
}
