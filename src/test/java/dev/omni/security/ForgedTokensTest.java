package dev.omni.security;

import static dev.omni.TestUsers.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.identity.Caller;
import dev.omni.observe.LogLines;
import dev.omni.security.ForgedTokens.Forged;
import io.quarkus.test.junit.QuarkusTest;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No token but one of ours lets anybody in, however it is made and wherever it is put; and none is ever logged. */
@QuarkusTest
class ForgedTokensTest {
    private static final Request LIST = Request.get("/api/v1/sandboxes");
    private static final Request START = Request.post("/api/v1/sandboxes/" + UUID.randomUUID() + "/exec?unknown=1")
            .json("{");

    static List<Forged> forged() throws GeneralSecurityException {
        return ForgedTokens.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forged")
    void aForgedTokenIsRefused(Forged forged) {
        for (Request request : List.of(
                LIST,
                START,
                Request.get("/api/sandbox/status?id=x"),
                Request.post("/dev/token").json("{\"sub\":\"alice\"}"))) {
            refused(request.bearer(forged.token()), forged.code(), forged.token());
        }
    }

    @Test
    void aTokenThatIsForgedInNoWayIsBelieved() throws GeneralSecurityException {
        assertThat(LIST.bearer(ForgedTokens.right()).send().status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "TOKEN",
                "Token TOKEN",
                "JWT TOKEN",
                "Basic TOKEN",
                "Basic YWxpY2U6YQ==",
                "Digest TOKEN",
                "Negotiate TOKEN",
                "DPoP TOKEN",
                "Bearer",
                "Bearer ",
                "BearerTOKEN",
                "Bearer: TOKEN",
                "Bearer=TOKEN",
                "Bearer \"TOKEN\"",
                "Bearer token=TOKEN",
                "Bearer TOKEN, Bearer TOKEN",
                "Bearer TOKEN TOKEN",
                "Bearer TOKEN;a=b",
                "Bearer TOKEN.",
                "Bearer .TOKEN",
                "Bearer Bearer TOKEN",
                "Bearer\u00a0TOKEN",
                "Bearer null",
                "Bearer undefined",
                "bearer garbage",
                "BEARER garbage",
                "Basic Bearer TOKEN"
            })
    void aGoodTokenInAnotherFormIsNone(String authorization) {
        String token = token("alice");
        refused(LIST.header("Authorization: " + authorization.replace("TOKEN", token)), "unauthenticated", token);
    }

    @Test
    void aGoodTokenInAnotherPlaceIsNone() {
        String token = token("alice");
        for (Request request : List.of(
                Request.get("/api/v1/sandboxes?access_token=" + token),
                Request.get("/api/v1/sandboxes?token=" + token),
                Request.get("/api/v1/sandboxes?Authorization=Bearer%20" + token),
                LIST.header("Cookie: Bearer=" + token),
                LIST.header("Cookie: token=" + token + "; Authorization=Bearer " + token),
                LIST.header("Proxy-Authorization: Bearer " + token),
                LIST.header("X-Authorization: Bearer " + token),
                LIST.header("X-Forwarded-Authorization: Bearer " + token),
                LIST.header("X-Access-Token: " + token),
                LIST.header("X-Forwarded-User: alice")
                        .header("X-User-Id: alice")
                        .header("Remote-User: alice"),
                Request.post("/api/v1/sandboxes").json("{\"access_token\":\"" + token + "\"}"))) {
            refused(request, "unauthenticated", token);
        }
    }

    /** Which of two is looked at must not depend on who looks: a proxy in front may take the other. */
    @Test
    void twoAuthorizationsAreNone() {
        String alice = token("alice");
        for (Request request : List.of(
                LIST.bearer(alice).bearer("garbage"),
                LIST.bearer("garbage").bearer(alice),
                LIST.bearer(alice).bearer(alice),
                LIST.bearer(alice).bearer(token("bob", Caller.OPERATOR)),
                LIST.bearer(alice).header("Authorization: Basic YTpi"),
                LIST.header("Authorization: Basic YTpi").bearer(alice),
                LIST.header("Authorization:").bearer(alice))) {
            refused(request, "unauthenticated", alice);
        }
    }

    @Test
    void theCorpusIsLargeAndNothingInItTwice() throws GeneralSecurityException {
        Stream<String> reasons = forged().stream().map(Forged::why);
        assertThat(reasons).hasSizeGreaterThan(120).doesNotHaveDuplicates();
        assertThat(forged().stream().map(Forged::token)).doesNotHaveDuplicates();
    }

    private static void refused(Request request, String code, String token) {
        String id = UUID.randomUUID().toString();
        try (LogLines log = new LogLines("")) {
            Answer answer = request.header("X-Request-Id: " + id).send();

            answer.isProblem(401, code).tellsNothing();
            for (String part : token.split("\\.", -1)) {
                if (part.length() > 20) {
                    answer.tellsNothing(part);
                }
            }
            await().pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> !log.of(id).isEmpty());
            assertThat(log.lines()).allSatisfy(line -> {
                assertThat(line.level().intValue()).as("%s", line).isLessThanOrEqualTo(Level.INFO.intValue());
                assertThat(line.hasStack()).as("%s", line).isFalse();
                for (String part : token.split("\\.", -1)) {
                    if (part.length() > 20) {
                        assertThat(line.message()).doesNotContain(part);
                    }
                }
            });
        }
    }
}
