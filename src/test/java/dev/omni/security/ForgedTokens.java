package dev.omni.security;

import io.smallrye.jwt.util.KeyUtils;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that prove nothing, of every kind that is known. Each is wrong in one way, and right in all others: what is wrong with
 * the claims is signed by the key of the service itself.
 */
public final class ForgedTokens {
    /**
     * A token, and what it is answered with.
     *
     * @param code the problem's code; the status is 401
     */
    public record Forged(String why, String token, String code) {
        @Override
        public String toString() {
            return why;
        }
    }

    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();
    private static final String RS256 = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";

    private final List<Forged> tokens = new ArrayList<>();
    private final PrivateKey key;
    private final RSAPublicKey publicKey;
    private final KeyPair otherRsa;
    private final KeyPair otherEc;
    private final long now = Instant.now().getEpochSecond();
    private final String claims = claims("");

    private ForgedTokens() throws GeneralSecurityException {
        key = KeyUtils.decodePrivateKey(config("smallrye.jwt.sign.key"));
        publicKey = (RSAPublicKey) KeyFactory.getInstance("RSA")
                .generatePublic(new X509EncodedKeySpec(Base64.getDecoder().decode(config("mp.jwt.verify.publickey"))));
        otherRsa = KeyPairGenerator.getInstance("RSA").generateKeyPair();
        KeyPairGenerator curve = KeyPairGenerator.getInstance("EC");
        curve.initialize(new ECGenParameterSpec("secp256r1"));
        otherEc = curve.generateKeyPair();
    }

    /** All of them, for the user {@code alice}. */
    public static List<Forged> all() throws GeneralSecurityException {
        var forger = new ForgedTokens();
        forger.withoutSignature();
        forger.withThePublicKeyAsSecret();
        forger.ofOtherKeys();
        forger.ofOtherAlgorithms();
        forger.withHeadersThatNameAKey();
        forger.withOtherHeaders();
        forger.ofAnotherShape();
        forger.ofAnotherIssuerOrAudience();
        forger.ofAnotherTime();
        forger.ofNobody();
        return List.copyOf(forger.tokens);
    }

    /** A token that is right, made as the wrong ones are, so that these are wrong for no other reason. */
    public static String right() throws GeneralSecurityException {
        var forger = new ForgedTokens();
        return forger.signed(RS256, forger.claims);
    }

    private void withoutSignature() throws GeneralSecurityException {
        for (String alg : new String[] {"none", "None", "NONE", "nOnE", "", "null", " none", "none\\u0000"}) {
            String head = "{\"alg\":\"" + alg + "\"}";
            add("alg '" + alg + "' and no signature", encode(head) + "." + encode(claims) + ".");
            add(
                    "alg '" + alg + "' and a signature",
                    encode(head) + "." + encode(claims) + "." + BASE64.encodeToString(sign("SHA256withRSA", key, "x")));
        }
        add("alg none without the last dot", encode("{\"alg\":\"none\"}") + "." + encode(claims));
        add("no alg", encode("{\"typ\":\"JWT\"}") + "." + encode(claims) + ".");
        add("alg null", encode("{\"alg\":null}") + "." + encode(claims) + ".");
        add("alg a number", encode("{\"alg\":0}") + "." + encode(claims) + ".");
        add("alg a list", encode("{\"alg\":[\"none\"]}") + "." + encode(claims) + ".");
        add("RS256 without its signature", encode(RS256) + "." + encode(claims) + ".");
    }

    private void withThePublicKeyAsSecret() throws GeneralSecurityException {
        String base64 = config("mp.jwt.verify.publickey");
        String pem = "-----BEGIN PUBLIC KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(publicKey.getEncoded())
                + "\n-----END PUBLIC KEY-----";
        String modulus = BASE64.encodeToString(unsigned(publicKey.getModulus().toByteArray()));
        for (String alg : new String[] {"HS256", "HS384", "HS512"}) {
            String mac = "HmacSHA" + alg.substring(2);
            add(alg + " with the public key as DER", hmac(alg, mac, publicKey.getEncoded()));
            add(alg + " with the public key as base64", hmac(alg, mac, bytes(base64)));
            add(alg + " with the public key as PEM", hmac(alg, mac, bytes(pem)));
            add(alg + " with the public key as PEM and a newline", hmac(alg, mac, bytes(pem + "\n")));
            add(alg + " with the modulus", hmac(alg, mac, bytes(modulus)));
            add(
                    alg + " with the bytes of the modulus",
                    hmac(alg, mac, unsigned(publicKey.getModulus().toByteArray())));
            add(alg + " with one zero", hmac(alg, mac, new byte[1]));
            add(alg + " with a word", hmac(alg, mac, bytes("secret")));
        }
    }

    private void ofOtherKeys() throws GeneralSecurityException {
        add("of another key", compact(RS256, claims, "SHA256withRSA", otherRsa.getPrivate()));
        for (String kid : new String[] {
            "1",
            "../../../../dev/null",
            "/dev/null",
            "file:///etc/passwd",
            "http://169.254.169.254/",
            "' UNION SELECT 'key'--",
            "$(id)",
            "\\u0000",
            "*",
            "a|b",
            "${jndi:ldap://x.example/a}"
        }) {
            add(
                    "of another key, kid " + kid,
                    compact(
                            "{\"alg\":\"RS256\",\"kid\":\"" + kid + "\"}",
                            claims,
                            "SHA256withRSA",
                            otherRsa.getPrivate()));
        }
        String right = signed(RS256, claims);
        String[] parts = right.split("\\.", -1);
        add("a changed payload", parts[0] + "." + encode(claims.replace("alice", "bobby")) + "." + parts[2]);
        add(
                "a changed head",
                encode("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"x\"}") + "." + parts[1] + "." + parts[2]);
        add(
                "the signature of another token",
                parts[0] + "." + parts[1] + "."
                        + signed(RS256, claims("\"jti\":\"x\"")).split("\\.", -1)[2]);
        add("a truncated signature", right.substring(0, right.length() - 8));
        add("a longer signature", right + "AAAA");
        add("a signature of zeros", parts[0] + "." + parts[1] + "." + "A".repeat(342));
        add("a signature of one byte", parts[0] + "." + parts[1] + ".AA");
    }

    private void ofOtherAlgorithms() throws GeneralSecurityException {
        add("RS384 of the right key", compact("{\"alg\":\"RS384\"}", claims, "SHA384withRSA", key));
        add("RS512 of the right key", compact("{\"alg\":\"RS512\"}", claims, "SHA512withRSA", key));
        add("RS1 of the right key", compact("{\"alg\":\"RS1\"}", claims, "SHA1withRSA", key));
        add("SHA-1 called RS256", compact(RS256, claims, "SHA1withRSA", key));
        add("rs256 in lower case", compact("{\"alg\":\"rs256\"}", claims, "SHA256withRSA", key));
        Signature pss = Signature.getInstance("RSASSA-PSS");
        pss.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
        pss.initSign(key);
        String unsigned = encode("{\"alg\":\"PS256\"}") + "." + encode(claims);
        pss.update(bytes(unsigned));
        add("PS256 of the right key", unsigned + "." + BASE64.encodeToString(pss.sign()));
        for (String alg : new String[] {"ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519"}) {
            add(
                    alg + " of another key",
                    compact("{\"alg\":\"" + alg + "\"}", claims, "SHA256withECDSAinP1363Format", otherEc.getPrivate()));
        }
        add(
                "ES256 with a signature of zeros",
                encode("{\"alg\":\"ES256\"}") + "." + encode(claims) + "." + BASE64.encodeToString(new byte[64]));
    }

    private void withHeadersThatNameAKey() throws GeneralSecurityException {
        RSAPublicKey other = (RSAPublicKey) otherRsa.getPublic();
        String jwk = "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}"
                .formatted(BASE64.encodeToString(unsigned(other.getModulus().toByteArray())));
        for (String header : new String[] {
            "\"jwk\":" + jwk,
            "\"jku\":\"https://evil.example/jwks.json\"",
            "\"jku\":\"file:///etc/passwd\"",
            "\"x5u\":\"https://evil.example/cert.pem\"",
            "\"x5c\":[\"" + Base64.getEncoder().encodeToString(other.getEncoded()) + "\"]",
            "\"x5t\":\"AAAA\""
        }) {
            add(
                    "of another key that it names itself: " + header,
                    compact("{\"alg\":\"RS256\"," + header + "}", claims, "SHA256withRSA", otherRsa.getPrivate()));
        }
    }

    private void withOtherHeaders() throws GeneralSecurityException {
        add("a critical header nobody knows", signed("{\"alg\":\"RS256\",\"crit\":[\"x\"],\"x\":1}", claims));
        add("a critical header that is not there", signed("{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", claims));
        add("an unencoded payload", signed("{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", claims));
        add("alg twice, none first", signed("{\"alg\":\"none\",\"alg\":\"RS256\"}", claims));
        add("alg twice, none last", signed("{\"alg\":\"RS256\",\"alg\":\"none\"}", claims));
        add("a head that is no JSON", signed("alg=RS256", claims));
        add("a head that is a list", signed("[\"RS256\"]", claims));
        add("an empty head", "." + encode(claims) + ".");
        add("an encrypted token's head", signed("{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}", claims));
        add("dir", signed("{\"alg\":\"dir\",\"enc\":\"A128CBC-HS256\"}", claims));
    }

    private void ofAnotherShape() throws GeneralSecurityException {
        String right = signed(RS256, claims);
        String[] parts = right.split("\\.", -1);
        add("a word", "garbage");
        add("dots", "..");
        add("many dots", ".".repeat(1_000));
        add("three words", "a.b.c");
        add("one segment", parts[0]);
        add("two segments", parts[0] + "." + parts[1]);
        add("four segments", right + "." + parts[2]);
        add("five segments, as an encrypted token has", parts[0] + ".AAAA.AAAA.AAAA.AAAA");
        add("six segments", right + ".a.b.c");
        add("an empty payload", parts[0] + ".." + parts[2]);
        add("a blank before a segment", parts[0] + ". " + parts[1] + "." + parts[2]);
        add("twice", right + "," + right);
        add(
                "JSON with two signatures",
                "{\"payload\":\"" + parts[1] + "\",\"signatures\":[{\"protected\":\"" + parts[0] + "\",\"signature\":\""
                        + parts[2] + "\"},{\"protected\":\"" + parts[0] + "\",\"signature\":\"AA\"}]}");
        add(
                "JSON",
                "{\"payload\":\"" + parts[1] + "\",\"protected\":\"" + parts[0] + "\",\"signature\":\"" + parts[2]
                        + "\"}");
        add("a payload that is no JSON", signed(RS256, "alice"));
        add("a payload that is a list", signed(RS256, "[\"alice\"]"));
        add("a payload of a claim twice", signed(RS256, claims("").replaceFirst("\\{", "{\"sub\":\"bobby\",")));
        add("a payload with something behind", signed(RS256, claims + "{}"));
        add(
                "a right token in one of another key",
                compact("{\"alg\":\"RS256\",\"cty\":\"JWT\"}", right, "SHA256withRSA", otherRsa.getPrivate()));
        add(
                "a right token in one without signature",
                encode("{\"alg\":\"none\",\"cty\":\"JWT\"}") + "." + encode(right) + ".");
        add("8 KiB of a", "a".repeat(8_192));
    }

    private void ofAnotherIssuerOrAudience() throws GeneralSecurityException {
        claim("another issuer", "iss", "\"https://evil.example\"");
        claim("an issuer with a slash more", "iss", "\"" + config("mp.jwt.verify.issuer") + "/\"");
        claim(
                "an issuer in capitals",
                "iss",
                "\"" + config("mp.jwt.verify.issuer").toUpperCase(Locale.ROOT) + "\"");
        claim("no issuer", "iss", null);
        claim("a null issuer", "iss", "null");
        claim("an empty issuer", "iss", "\"\"");
        claim("two issuers", "iss", "[\"" + config("mp.jwt.verify.issuer") + "\",\"x\"]");
        claim("another audience", "aud", "\"somebody-else\"");
        claim("other audiences", "aud", "[\"a\",\"b\"]");
        claim("no audience", "aud", null);
        claim("a null audience", "aud", "null");
        claim("an empty audience", "aud", "\"\"");
        claim("an empty list of audiences", "aud", "[]");
        claim("an audience that is a number", "aud", "1");
        claim("an audience that is an object", "aud", "{\"" + config("mp.jwt.verify.audiences") + "\":true}");
        claim(
                "a part of the audience",
                "aud",
                "\"" + config("mp.jwt.verify.audiences").substring(1) + "\"");
    }

    private void ofAnotherTime() throws GeneralSecurityException {
        claim("no end", "exp", null);
        claim("a null end", "exp", "null");
        expired("an end a minute ago", String.valueOf(now - 60));
        expired("an end at the beginning of time", "0");
        expired("an end before the beginning of time", "-1");
        claim("an end that is a text", "exp", "\"" + (now + 600) + "\"");
        claim("an end that is a date", "exp", "\"2099-01-01T00:00:00Z\"");
        claim("an end that is true", "exp", "true");
        claim("an end that is a list", "exp", "[" + (now + 600) + "]");
        claim("an end that is an object", "exp", "{}");
        claim("an end that is no number", "exp", "\"never\"");
        claim("a beginning in ten minutes", "nbf", String.valueOf(now + 600));
        claim("a beginning that is a text", "nbf", "\"yesterday\"");
    }

    private void ofNobody() throws GeneralSecurityException {
        claim("no subject", "sub", null);
        claim("a null subject", "sub", "null");
        claim("an empty subject", "sub", "\"\"");
        claim("a blank subject", "sub", "\"  \"");
        claim("a subject that is a number", "sub", "1");
        claim("a subject that is true", "sub", "true");
        claim("a subject that is a list", "sub", "[\"alice\"]");
        claim("a subject that is an object", "sub", "{\"alice\":true}");
        claim("a subject with NUL", "sub", "\"alice\\u0000\"");
        claim("a subject of two lines", "sub", "\"alice\\nbob\"");
        claim("a subject with an escape", "sub", "\"\\u001b[31malice\"");
        claim("a subject with half a character", "sub", "\"alice\\ud800\"");
        claim("too long a subject", "sub", "\"" + "a".repeat(256) + "\"");
    }

    private void add(String why, String token) {
        tokens.add(new Forged(why, token, "unauthenticated"));
    }

    private void claim(String why, String name, @Nullable String value) throws GeneralSecurityException {
        add(why, signed(RS256, claims(name, value)));
    }

    private void expired(String why, String exp) throws GeneralSecurityException {
        tokens.add(new Forged(why, signed(RS256, claims("exp", exp)), "token_expired"));
    }

    private String claims(String more) {
        return claims("", null).replaceFirst("}$", (more.isEmpty() ? "" : "," + more) + "}");
    }

    /** The claims of a token that is right, but for one; without it where there is no value. */
    private String claims(String name, @Nullable String value) {
        List<String> all = new ArrayList<>();
        String[][] right = {
            {"iss", '"' + config("mp.jwt.verify.issuer") + '"'},
            {"aud", '"' + config("mp.jwt.verify.audiences") + '"'},
            {"sub", "\"alice\""},
            {"iat", String.valueOf(now)},
            {"exp", String.valueOf(now + 600)},
            {"groups", "[]"}
        };
        for (String[] claim : right) {
            if (!claim[0].equals(name)) {
                all.add('"' + claim[0] + "\":" + claim[1]);
            }
        }
        if (value != null) {
            all.add('"' + name + "\":" + value);
        }
        return "{" + String.join(",", all) + "}";
    }

    private String signed(String head, String payload) throws GeneralSecurityException {
        return compact(head, payload, "SHA256withRSA", key);
    }

    private static String compact(String head, String payload, String algorithm, PrivateKey key)
            throws GeneralSecurityException {
        String unsigned = encode(head) + "." + encode(payload);
        return unsigned + "." + BASE64.encodeToString(sign(algorithm, key, unsigned));
    }

    private static byte[] sign(String algorithm, PrivateKey key, String text) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(bytes(text));
        return signature.sign();
    }

    private String hmac(String alg, String algorithm, byte[] secret) throws GeneralSecurityException {
        String unsigned = encode("{\"alg\":\"" + alg + "\",\"typ\":\"JWT\"}") + "." + encode(claims);
        Mac mac = Mac.getInstance(algorithm);
        mac.init(new SecretKeySpec(secret, algorithm));
        return unsigned + "." + BASE64.encodeToString(mac.doFinal(bytes(unsigned)));
    }

    /** Without the byte that only says that the number is not negative. */
    private static byte[] unsigned(byte[] number) {
        return number[0] == 0 ? Arrays.copyOfRange(number, 1, number.length) : number;
    }

    private static String encode(String json) {
        return BASE64.encodeToString(bytes(json));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String config(String name) {
        return ConfigProvider.getConfig().getValue(name, String.class);
    }
}
