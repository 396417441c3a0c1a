package dev.omni.stream;

import dev.omni.problem.ProblemException;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.quarkus.websockets.next.HandshakeRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Browsers carry their token in a WebSocket subprotocol, which Quarkus turns into the header it names. Left to itself it
 * lets a page set any header that way and answers a malformed or lonely carrier with a 500, so only a well-formed bearer
 * token beside the carrier's own name gets that far.
 */
@Singleton
class SubprotocolFilter {
    /** The subprotocol that is answered, since a browser drops a connection that answers none of those it offered. */
    private static final String ANSWERED = "bearer-token-carrier";

    private static final String CARRIER = "quarkus-http-upgrade";
    private static final Pattern TOKEN =
            Pattern.compile(CARRIER + "#Authorization#Bearer [A-Za-z0-9._~+/=-]+", Pattern.CASE_INSENSITIVE);

    /** Behind the CORS filter (300), before Quarkus reads the carrier (220). */
    private static final int PRIORITY = 250;

    void register(@Observes Filters filters) {
        filters.register(SubprotocolFilter::check, PRIORITY);
    }

    private static void check(RoutingContext context) {
        List<String> offers = context.request().headers().getAll(HandshakeRequest.SEC_WEBSOCKET_PROTOCOL);
        if (isAcceptable(offers)) {
            context.next();
        } else {
            context.fail(ProblemException.invalid(
                    HandshakeRequest.SEC_WEBSOCKET_PROTOCOL, "must carry one bearer token beside " + ANSWERED));
        }
    }

    static boolean isAcceptable(List<String> headers) {
        List<String> offered = headers.stream()
                .flatMap(header -> Arrays.stream(header.split(",", -1)))
                .map(String::trim)
                .toList();
        List<String> carriers =
                offered.stream().filter(offer -> offer.contains(CARRIER)).toList();
        return carriers.isEmpty()
                || (headers.size() == 1
                        && carriers.size() == 1
                        && offered.contains(ANSWERED)
                        && isToken(carriers.getFirst()));
    }

    private static boolean isToken(String carrier) {
        try {
            return TOKEN.matcher(URLDecoder.decode(carrier, StandardCharsets.UTF_8))
                    .matches();
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }
}
