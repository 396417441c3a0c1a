package dev.omni.identity;

import static dev.omni.TestUsers.as;
import static dev.omni.TestUsers.with;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.not;

import dev.omni.TestUsers;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.smallrye.jwt.build.Jwt;
import io.smallrye.jwt.build.JwtClaimsBuilder;
import java.nio.charset.StandardCharsets;
import java.security.KeyPairGenerator;
import java.time.Instant;
import java.util.Base64;
import java.util.stream.Stream;
import javax.crypto.spec.SecretKeySpec;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Only a token of the right key, issuer, audience and time says who somebody is. */
@QuarkusTest
class TokensTest {
    static Stream<Arguments> badTokens() throws Exception {
        var otherKey = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate();
        var publicKey = new SecretKeySpec(config("mp.jwt.verify.publickey").getBytes(StandardCharsets.UTF_8), "HMAC");
        Instant now = Instant.now();
        return Stream.of(
                Arguments.of("no token at all", ""),
                Arguments.of("garbage", "garbage"),
                Arguments.of("garbage in three parts", "a.b.c"),
                Arguments.of("signed by another key", claims().sign(otherKey)),
                Arguments.of("a changed payload", tampered(claims().sign())),
                Arguments.of("without its signature", unsigned(claims().sign(), "RS256")),
                Arguments.of("alg none", unsigned(claims().sign(), "none")),
                Arguments.of("an HMAC with the public key", claims().jws().sign(publicKey)),
                Arguments.of(
                        "of another issuer", claims().issuer("someone-else").sign()),
                Arguments.of(
                        "for another audience", claims().audience("another").sign()),
                Arguments.of("without a subject", claims().remove("sub").sign()),
                Arguments.of("with a blank subject", claims().subject(" ").sign()),
                Arguments.of(
                        "with a subject of control characters",
                        claims().subject("a\u0000b").sign()),
                Arguments.of(
                        "with too long a subject",
                        claims().subject("a".repeat(256)).sign()),
                Arguments.of(
                        "of the future",
                        claims().claim("nbf", now.plusSeconds(600).getEpochSecond())
                                .sign()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badTokens")
    void aTokenThatProvesNothingIsRefused(String why, String token) {
        refused(with(token).get("/test-probe"), "unauthenticated");
        refused(with(token).body("{}").post("/test-probe?unknown=1"), "unauthenticated");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Basic YTpi", "Bearer", "Bearer ", "bearer garbage", "Digest x"})
    void anyOtherAuthorizationIsRefused(String header) {
        refused(given().header("Authorization", header).get("/test-probe"), "unauthenticated");
    }

    @Test
    void aRequestWithoutATokenIsRefused() {
        refused(given().get("/test-probe"), "unauthenticated");
        refused(given().contentType("application/json").body("{}").post("/test-probe?unknown=1"), "unauthenticated");
        refused(given().contentType("application/json").body("{").post("/test-probe"), "unauthenticated");
    }

    @Test
    void aTokenInTheUrlIsNoToken() {
        refused(given().get("/test-probe?access_token=" + TestUsers.token("alice")), "unauthenticated");
    }

    @Test
    void anExpiredTokenIsToldApart() {
        Instant now = Instant.now();
        String expired = claims().issuedAt(now.minusSeconds(120))
                .expiresAt(now.minusSeconds(60))
                .sign();
        refused(with(expired).get("/test-probe"), "token_expired");
    }

    @Test
    void aKnownCallerWithoutTheRightIsForbidden() {
        as("alice").get("/test-probe/operators").then().statusCode(403).body("code", equalTo("forbidden"));
        as("bob", Caller.OPERATOR).get("/test-probe/operators").then().statusCode(200);
    }

    @Test
    void theUserIsTheSubjectWhateverElseTheTokenSays() {
        String token =
                claims().upn("mallory").claim("preferred_username", "mallory").sign();
        with(token).get("/test-probe/who").then().statusCode(200).body("userId", equalTo("alice"));
    }

    @Test
    void anOpenResourceNeedsNoToken() {
        given().get("/test-probe/open").then().statusCode(200);
    }

    @Test
    void aResourceWithoutAnAnnotationIsClosed() {
        as("alice").get("/test-forgotten").then().statusCode(403);
    }

    @Test
    void aDevTokenLastsAsLongAsAsked() {
        String expiresAt = given().contentType(ContentType.JSON)
                .body("{\"sub\":\"alice\",\"expiresInSeconds\":60}")
                .post("/dev/token")
                .then()
                .statusCode(200)
                .extract()
                .path("expiresAt");
        assertThat(Instant.parse(expiresAt))
                .isBetween(Instant.now().plusSeconds(50), Instant.now().plusSeconds(61));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{}; sub",
                "{'sub':''}; sub",
                "{'sub':1}; sub",
                "{'sub':'a\\u0000'}; sub",
                "{'sub':'a','expiresInSeconds':0}; expiresInSeconds",
                "{'sub':'a','expiresInSeconds':86401}; expiresInSeconds",
                "{'sub':'a','groups':'operator'}; groups",
                "{'sub':'a','groups':['1','2','3','4','5','6','7','8','9','a','b','c','d','e','f','g','h']}; groups",
                "{'sub':'a','admin':true}; admin",
            })
    void aDevTokenIsAskedForInProperForm(String body, String field) {
        given().contentType(ContentType.JSON)
                .body(body.replace('\'', '"'))
                .post("/dev/token")
                .then()
                .statusCode(400)
                .body("violations.field", hasItem(field));
    }

    private static JwtClaimsBuilder claims() {
        Instant now = Instant.now();
        return Jwt.issuer(config("mp.jwt.verify.issuer"))
                .audience(config("mp.jwt.verify.audiences"))
                .subject("alice")
                .issuedAt(now)
                .expiresAt(now.plusSeconds(60));
    }

    private static String tampered(String token) {
        String[] parts = token.split("\\.", -1);
        String payload = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
        return parts[0] + "." + encode(payload.replace("alice", "bobby")) + "." + parts[2];
    }

    private static String unsigned(String token, String algorithm) {
        return encode("{\"alg\":\"%s\",\"typ\":\"JWT\"}".formatted(algorithm)) + "." + token.split("\\.", -1)[1] + ".";
    }

    private static String encode(String json) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String config(String key) {
        return ConfigProvider.getConfig().getValue(key, String.class);
    }

    private static void refused(Response response, String code) {
        assertThat(response.headers().getValues("WWW-Authenticate")).containsExactly("Bearer");
        response.then()
                .statusCode(401)
                .contentType("application/problem+json")
                .body("code", equalTo(code))
                .body("requestId", not(equalTo(null)));
    }
}
