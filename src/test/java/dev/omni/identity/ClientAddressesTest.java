package dev.omni.identity;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests of a peer at 127.0.0.1, with all that a header may hold. */
class ClientAddressesTest {
    private static final String PROXIES = "127.0.0.0/8, 10.0.0.0/8, 2001:db8:ffff::/48";
    private static final Vertx VERTX = Vertx.vertx();
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final Map<String, ClientAddresses> SERVICES = new HashMap<>();
    private static int port;

    @BeforeAll
    static void start() throws Exception {
        SERVICES.put("none", addresses(Map.of()));
        SERVICES.put("other", addresses(Map.of("omni.proxy.trusted", "192.0.2.0/24")));
        SERVICES.put("proxies", addresses(Map.of("omni.proxy.trusted", PROXIES)));
        SERVICES.put("forwarded", addresses(Map.of("omni.proxy.trusted", PROXIES, "omni.proxy.header", "forwarded")));
        HttpServer server = VERTX.createHttpServer().requestHandler(request -> {
            ClientAddress address = Objects.requireNonNull(
                            SERVICES.get(Objects.requireNonNull(request.path()).substring(1)))
                    .of(request);
            request.response().end(address.host() + " " + address.network());
        });
        port = server.listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS)
                .actualPort();
    }

    @AfterAll
    static void stop() {
        VERTX.close();
    }

    @ParameterizedTest
    @CsvSource({"none", "other"})
    void aPeerThatIsNoProxyOfOursIsBelievedNothing(String service) throws Exception {
        assertThat(host(
                        service,
                        "X-Forwarded-For",
                        "203.0.113.1",
                        "Forwarded",
                        "for=203.0.113.1",
                        "X-Real-IP",
                        "203.0.113.1"))
                .isEqualTo("127.0.0.1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "203.0.113.1|203.0.113.1",
                // What stands before it is the client's own word.
                "198.51.100.9, 203.0.113.1|203.0.113.1",
                "10.0.0.9, 203.0.113.1|203.0.113.1",
                "127.0.0.1,203.0.113.1|203.0.113.1",
                // Our own proxies behind one another.
                "198.51.100.9, 203.0.113.1, 10.1.2.3|203.0.113.1",
                "203.0.113.1,10.1.2.3,10.255.0.1|203.0.113.1",
                "203.0.113.1, 2001:db8:ffff::7|203.0.113.1",
                // Somebody inside.
                "10.1.2.3|10.1.2.3",
                // Forms of addresses.
                "203.0.113.1:4711|203.0.113.1",
                "2001:db8::1|2001:db8::1",
                "[2001:db8::1]|2001:db8::1",
                "[2001:db8::1]:4711|2001:db8::1",
                "::ffff:203.0.113.1|203.0.113.1",
                // No addresses: the one who wrote them is the last that is known.
                "unknown|127.0.0.1",
                "''|127.0.0.1",
                "203.0.113.1,|127.0.0.1",
                "localhost|127.0.0.1",
                "203.0.113.999|127.0.0.1",
                "203.0.113.1:port|127.0.0.1",
                "203.0.113.1:4711:1|127.0.0.1",
                "[2001:db8::1|127.0.0.1",
                "3405803777|127.0.0.1",
                "203.0.113.1, unknown, 10.1.2.3|10.1.2.3",
                "<script>, 10.1.2.3|10.1.2.3",
                "for=203.0.113.1|127.0.0.1"
            })
    void theFirstAddressFromTheEndThatIsNoProxysIsTheClients(String header, String client) throws Exception {
        assertThat(host("proxies", "X-Forwarded-For", header)).isEqualTo(client);
    }

    @Test
    void severalLinesAreOneList() throws Exception {
        assertThat(host("proxies", "X-Forwarded-For", "198.51.100.9", "X-Forwarded-For", "203.0.113.1, 10.1.2.3"))
                .isEqualTo("203.0.113.1");
    }

    @Test
    void anEndlessListIsNotReadToItsEnd() throws Exception {
        assertThat(host("proxies", "X-Forwarded-For", "203.0.113.1," + "10.0.0.1,".repeat(500) + "10.0.0.1"))
                .isEqualTo("10.0.0.1");
    }

    @ParameterizedTest
    @CsvSource({"X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP"})
    void otherHeadersAreNotLookedAt(String header) throws Exception {
        assertThat(host("proxies", header, "203.0.113.1")).isEqualTo("127.0.0.1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "for=203.0.113.1|203.0.113.1",
                "For=\"203.0.113.1:4711\";proto=https;by=10.0.0.1|203.0.113.1",
                "by=10.0.0.1; for=203.0.113.1|203.0.113.1",
                "for=\"[2001:db8::1]:4711\"|2001:db8::1",
                "for=198.51.100.9, for=203.0.113.1, for=10.1.2.3|203.0.113.1",
                "for=_hidden|127.0.0.1",
                "for=unknown, for=10.1.2.3|10.1.2.3",
                "proto=https|127.0.0.1",
                "203.0.113.1|127.0.0.1"
            })
    void theStandardHeaderIsReadWhereItIsSetSo(String header, String client) throws Exception {
        assertThat(host("forwarded", "Forwarded", header, "X-Forwarded-For", "198.51.100.77"))
                .isEqualTo(client);
    }

    @ParameterizedTest
    @CsvSource({
        "203.0.113.1, 203.0.113.1",
        "::ffff:203.0.113.1, 203.0.113.1",
        "2001:db8:1:2::1, 2001:db8:1:2::",
        "2001:DB8:1:2:ffff:ffff:ffff:ffff, 2001:db8:1:2::",
        "2001:db8:1:3::1, 2001:db8:1:3::"
    })
    void anIpv6NetworkOf64BitsIsCountedAsOne(String header, String network) throws Exception {
        assertThat(answer("proxies", "X-Forwarded-For", header).split(" ", -1)[1])
                .isEqualTo(network);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.1.2, true",
        "10.0.0.0/8, 11.0.0.0, false",
        "192.168.4.0/22, 192.168.7.255, true",
        "192.168.4.0/22, 192.168.8.0, false",
        "0.0.0.0/0, 203.0.113.1, true",
        "0.0.0.0/0, 2001:db8::1, false",
        "2001:db8::/33, 2001:db8:7fff::1, true",
        "2001:db8::/33, 2001:db8:8000::1, false",
        "203.0.113.1, 203.0.113.1, true",
        "203.0.113.1, 203.0.113.2, false"
    })
    void aNetworkHoldsWhatSharesItsFirstBits(String network, String address, boolean holds) {
        var literal = ClientAddresses.address(address);
        assertThat(literal).isNotNull();
        assertThat(literal != null && Network.of(network).holds(literal)).isEqualTo(holds);
    }

    private static String host(String service, String... headers) throws Exception {
        return answer(service, headers).split(" ", -1)[0];
    }

    private static String answer(String service, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/" + service));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static ClientAddresses addresses(Map<String, String> settings) {
        var builder = new SmallRyeConfigBuilder().addDiscoveredConverters().withMapping(ProxyConfig.class);
        settings.forEach(builder::withDefaultValue);
        return new ClientAddresses(builder.build().getConfigMapping(ProxyConfig.class));
    }
}
