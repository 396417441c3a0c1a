package dev.omni.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubprotocolFilterTest {
    private static final String TOKEN = "quarkus-http-upgrade%23Authorization%23Bearer%20ey.J_-";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "chat",
                "bearer-token-carrier",
                "bearer-token-carrier, " + TOKEN,
                TOKEN + ",bearer-token-carrier",
                "bearer-token-carrier, chat, " + TOKEN
            })
    void letsTokensAndOtherSubprotocolsThrough(String header) {
        assertThat(SubprotocolFilter.isAcceptable(List.of(header))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                TOKEN,
                "chat, " + TOKEN,
                "bearer-token-carrier, " + TOKEN + ", " + TOKEN,
                "bearer-token-carrier, quarkus-http-upgrade",
                "bearer-token-carrier, quarkus-http-upgrade%23Authorization",
                "bearer-token-carrier, quarkus-http-upgrade%23X-Forwarded-For%2310.0.0.1",
                "bearer-token-carrier, quarkus-http-upgrade%23Authorization%23Basic%20YTpi",
                "bearer-token-carrier, quarkus-http-upgrade%23Authorization%23Bearer%20a%0d%0aX:y",
                "bearer-token-carrier, quarkus-http-upgrade%2",
                "bearer-token-carrier, x-quarkus-http-upgrade"
            })
    void refusesEveryOtherUseOfTheCarrier(String header) {
        assertThat(SubprotocolFilter.isAcceptable(List.of(header))).isFalse();
    }

    @Test
    void refusesACarrierSplitOverHeaders() {
        assertThat(SubprotocolFilter.isAcceptable(List.of("bearer-token-carrier", TOKEN)))
                .isFalse();
    }

    @Test
    void asksNothingOfRequestsWithoutSubprotocols() {
        assertThat(SubprotocolFilter.isAcceptable(List.of())).isTrue();
    }
}
