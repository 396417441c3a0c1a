package dev.omni.daytona;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.observe.LogLines;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.mutiny.Uni;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import jakarta.inject.Inject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Keys that change while the service runs, against a Daytona that takes some of them. */
@QuarkusTest
class DaytonaKeysTest {
    private static final String ID = "0b6f1c1e-0000-4000-8000-000000000001";
    private static final String SANDBOX = """
            {"id":"%s","name":"job-42","labels":{},"state":"started","cpu":1,"memory":1,"disk":3,"autoStopInterval":15,
             "autoArchiveInterval":10080,"autoDeleteInterval":-1,"createdAt":"2026-06-25T10:00:00.000Z",
             "toolboxProxyUrl":"https://proxy.app.daytona.io/toolbox"}""".formatted(ID);

    @Inject
    Vertx vertx;

    private final Set<String> taken = ConcurrentHashMap.newKeySet();
    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final LogLines log = new LogLines("dev.omni.daytona");
    private volatile String offered = "first";
    private Upstream upstream;
    private Transport transport;
    private Daytona daytona;

    @BeforeEach
    void serve() {
        upstream = new Upstream(vertx);
        upstream.does(request -> answer(request, true));
        taken.add("first");
        transport = new Transport(
                Upstream.config(Map.of()),
                () -> Optional.of(new DaytonaEndpoint() {
                    @Override
                    public URI apiUrl() {
                        return upstream.uri().resolve("/api/");
                    }

                    @Override
                    public String apiKey() {
                        return offered;
                    }
                }),
                vertx,
                meters);
        daytona = new Daytona(transport);
        get();
    }

    @AfterEach
    void close() {
        log.close();
        transport.close();
        upstream.close();
    }

    @Test
    void aNewKeyIsUsedByEveryCallOnceDaytonaHasTakenIt() {
        rotateTo("second");

        upstream.received.clear();
        get();
        get();

        assertThat(keysUsed()).containsOnly("second");
        assertThat(refusals("fell_back") + refusals("refused")).isZero();
    }

    @Test
    void aCallRefusedBecauseItsKeyWasReplacedIsMadeAgainWhateverItDoes() {
        taken.remove("first");
        taken.add("second");
        offered = "second";
        upstream.received.clear();

        value(daytona.setLabels(ID, Map.of("a", "1")));

        // With the old key first, unless the new one was taken while the call was getting ready.
        assertThat(upstream.received.stream().filter(r -> r.method().equals("PUT")))
                .extracting(DaytonaKeysTest::keyOf)
                .isIn(List.of("first", "second"), List.of("second"));
        assertThat(upstream.received.stream().filter(r -> r.method().equals("PUT")))
                .extracting(Upstream.Received::body)
                .containsOnly("{\"labels\":{\"a\":\"1\"}}");
    }

    @Test
    void aKeyThatDaytonaDoesNotKnowCostsNoCall() {
        offered = "a-bad-one";
        get();
        await().until(() -> refusals("fell_back") == 1);

        for (int i = 0; i < 20; i++) {
            get();
            toolboxCall();
        }

        assertThat(refusals("fell_back")).isEqualTo(1);
        assertThat(errors())
                .singleElement()
                .asString()
                .contains("refuses the new key", "the one before")
                .doesNotContain("a-bad-one", "first");
    }

    @Test
    void aGoodKeyAfterABadOneIsUsed() {
        offered = "a-bad-one";
        get();
        await().until(() -> refusals("fell_back") == 1);

        rotateTo("second");

        taken.remove("first");
        get();
        assertThat(keyOf(upstream.last())).isEqualTo("second");
    }

    @Test
    void aKeyThatIsNoLongerTakenGivesWayToTheOneBefore() {
        rotateTo("second");
        taken.remove("second");

        get();
        toolboxCall();

        assertThat(keyOf(upstream.last())).isEqualTo("first");
        assertThat(refusals("fell_back")).isEqualTo(1);
        assertThat(errors()).hasSize(1);
    }

    @Test
    void aToolboxCallAndALogStreamGiveWayToo() {
        rotateTo("second");
        taken.remove("second");
        await().pollInterval(Duration.ofMillis(10)).until(this::toolboxCallWorks);
        assertThat(keyOf(upstream.last())).isEqualTo("first");

        rotateTo("third");
        taken.remove("third");
        await().pollInterval(Duration.ofMillis(10))
                .until(() -> daytona.toolbox(ID, "owner", toolbox())
                                .readLog("s", "c")
                                .collect()
                                .asList()
                                .await()
                                .atMost(Duration.ofSeconds(5))
                                .size()
                        == 1);
        assertThat(keyOf(upstream.last())).isEqualTo("first");
    }

    @Test
    void whereThereIsNoOtherKeyTheCallFailsAndThatIsSaidOnce() {
        taken.remove("first");

        for (int i = 0; i < 3; i++) {
            assertThat(catchThrowableOfType(DaytonaException.class, this::get).kind())
                    .isEqualTo(Kind.REFUSED);
        }

        assertThat(refusals("refused")).isEqualTo(3);
        assertThat(errors()).singleElement().asString().contains("there is no other");
    }

    @Test
    void oncePutRightItWorksWithoutARestart() {
        taken.remove("first");
        assertThat(catchThrowableOfType(DaytonaException.class, this::get)).isNotNull();

        taken.add("second");
        offered = "second";

        get();
        assertThat(keyOf(upstream.last())).isEqualTo("second");
    }

    @Test
    void aToolboxThatDoesNotKnowTheSandboxChangesNothing() {
        rotateTo("second");
        upstream.does(request -> answer(request, false));

        assertThat(catchThrowableOfType(DaytonaException.class, this::toolboxCall)
                        .kind())
                .isEqualTo(Kind.REFUSED);
        get();

        assertThat(keyOf(upstream.last())).isEqualTo("second");
        assertThat(refusals("fell_back") + refusals("refused")).isZero();
        assertThat(errors()).isEmpty();
    }

    @Test
    void aToolboxThatRefusesEverythingCostsTheControlPlaneLittle() {
        upstream.does(request -> answer(request, false));
        upstream.received.clear();

        for (int i = 0; i < 20; i++) {
            assertThat(toolboxCallWorks()).isFalse();
        }

        assertThat(askedAboutKeys()).isLessThan(5);
    }

    @Test
    void nobodyAsksAboutAKeyWhileDaytonaHasUsWait() {
        upstream.does(request -> {
            if (request.uri().startsWith("/toolbox")) {
                request.response().setStatusCode(401).end();
            } else {
                request.response()
                        .setStatusCode(429)
                        .putHeader("Retry-After", "30")
                        .end();
            }
        });
        assertThat(catchThrowableOfType(DaytonaException.class, this::get).kind())
                .isEqualTo(Kind.RATE_LIMITED);

        assertThat(toolboxCallWorks()).isFalse();

        assertThat(askedAboutKeys()).isZero();
    }

    @Test
    void neitherKeyIsRepeatedFromAnAnswer() {
        rotateTo("the-second-key");
        rotateTo("the-third-key");
        upstream.answersJson(400, "{\"message\":\"the-second-key or the-third-key?\"}");

        assertThat(catchThrowableOfType(DaytonaException.class, this::get).upstreamMessage())
                .isEqualTo("*** or ***?");
    }

    private void rotateTo(String key) {
        taken.add(key);
        offered = key;
        await().until(() -> {
            get();
            return keyOf(upstream.last()).equals(key);
        });
    }

    private void get() {
        value(daytona.get(ID));
    }

    private void toolboxCall() {
        value(daytona.toolbox(ID, "owner", toolbox()).sessions());
    }

    private boolean toolboxCallWorks() {
        try {
            toolboxCall();
            return true;
        } catch (DaytonaException refused) {
            return false;
        }
    }

    private URI toolbox() {
        return upstream.uri().resolve("/toolbox");
    }

    private void answer(HttpServerRequest request, boolean sandboxIsKnown) {
        boolean good = taken.contains(key(request.headers()));
        boolean toToolbox = request.uri().startsWith("/toolbox");
        if (!good || (toToolbox && !sandboxIsKnown)) {
            request.response().setStatusCode(401).end("{\"message\":\"Invalid credentials\"}");
        } else {
            request.response()
                    .putHeader("Content-Type", "application/json")
                    .end(request.method().name().equals("PUT") ? "" : toToolbox ? "[]" : SANDBOX);
        }
    }

    private long askedAboutKeys() {
        return upstream.received.stream()
                .filter(request -> request.uri().endsWith("/sandbox?limit=1"))
                .count();
    }

    private List<String> keysUsed() {
        return upstream.received.stream().map(DaytonaKeysTest::keyOf).toList();
    }

    private static String keyOf(Upstream.Received request) {
        return key(request.headers());
    }

    private static String key(MultiMap headers) {
        return Objects.requireNonNull(headers.get("Authorization")).substring("Bearer ".length());
    }

    private double refusals(String outcome) {
        return meters.counter("omni.daytona.key.refusals", "outcome", outcome).count();
    }

    private List<String> errors() {
        return log.lines().stream()
                .filter(line -> line.level().intValue() >= Level.SEVERE.intValue())
                .map(LogLines.Line::message)
                .toList();
    }

    private static <T> T value(Uni<T> call) {
        return call.await().atMost(Duration.ofSeconds(5));
    }
}
