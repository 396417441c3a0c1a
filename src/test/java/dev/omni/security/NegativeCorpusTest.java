package dev.omni.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.omni.RawHttp;
import dev.omni.TestUsers;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.job.JobCalls;
import dev.omni.observe.LogLines;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever is wrong with a request, it gets the one answer that is right, which tells nothing of our insides; and the log
 * tells nothing of the request but its line.
 */
@QuarkusTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class NegativeCorpusTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Set to this in staging, which is the most that is logged outside development. */
    private static final Logger OURS = Logger.getLogger("dev.omni");

    @Inject
    LocalDaytona daytona;

    private final Map<String, BadRequest> sent = new HashMap<>();
    private @Nullable LogLines log;
    private @Nullable JobCalls caller;
    private String token = "";
    private String job = "";

    static List<BadRequest> corpus() throws Exception {
        Set<Request> known = new HashSet<>();
        return Stream.concat(RequestCorpus.all().stream(), SchemaCorpus.all(document()).stream())
                .filter(bad -> known.add(bad.request()))
                .toList();
    }

    private static JsonNode document() throws IOException, InterruptedException {
        URI address = URI.create("http://localhost:" + RawHttp.port() + "/q/openapi?format=json");
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> answer =
                    http.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
            return new JsonMapper().readTree(answer.body());
        }
    }

    @BeforeAll
    static void logAsMuchAsStaging() {
        OURS.setLevel(org.jboss.logmanager.Level.DEBUG);
    }

    @AfterAll
    static void logAsBefore() {
        OURS.setLevel(null);
    }

    @BeforeEach
    void anEndedJob() {
        if (caller == null) {
            caller = JobCalls.ofSomebody();
            job = caller.started("echo done");
            caller.ended(job);
            token = TestUsers.token(caller.userId());
            log = new LogLines("");
        }
    }

    @ParameterizedTest(name = "{0}")
    @Order(1)
    @MethodSource("corpus")
    void aBadRequestGetsTheRightAnswer(BadRequest bad) {
        Request request = addressed(bad.request());
        if (!request.names("authorization")) {
            request = request.bearer(token);
        }

        Answer answer = request.send();

        answer.tellsNothing(token, daytona.apiKey(), daytona.apiUrl().getAuthority());
        assertThat(answer.status()).as("%s is answered %s", bad, answer).isEqualTo(bad.status());
        if (bad.code() == null) {
            assertThat(answer.body())
                    .satisfiesAnyOf(
                            body -> assertThat(body).isEmpty(),
                            body -> assertThat(answer.values("Content-Type"))
                                    .containsExactly("application/problem+json"));
        } else {
            assertThat(answer.code()).as("%s is answered %s", bad, answer).isEqualTo(bad.code());
            answer.isProblem(bad.status(), bad.code());
        }
        if (bad.field() != null) {
            assertThat(answer.fields()).as("%s", answer).containsOnly(bad.field());
        }
        sent.put(answer.requestId(), bad);
    }

    @Test
    @Order(1)
    void aCursorFromBehindTheEndIsOfNoUse() {
        JobCalls owner = Objects.requireNonNull(caller);
        byte[] cursor = Base64.getUrlDecoder().decode(owner.get(job).jsonPath().getString("cursor"));
        // An offset that no log has, in a cursor that is otherwise right.
        ByteBuffer.wrap(cursor).putLong(2, 1L << 40);
        String forged = Base64.getUrlEncoder().withoutPadding().encodeToString(cursor);
        Request request = addressed(Request.get("/api/v1/sandboxes/" + BadRequest.SANDBOX + "/jobs/" + BadRequest.JOB));

        request.at(request.target() + "/output?cursor=" + forged)
                .bearer(token)
                .send()
                .isProblem(400, "invalid_cursor");
        // Whether the job goes on that far is known only once it has been read, when the answer has begun.
        Answer events = request.at(request.target() + "/events")
                .header("Last-Event-ID: " + forged)
                .bearer(token)
                .send();
        assertThat(events.body())
                .contains("\"type\":\"error\"", "\"code\":\"invalid_cursor\"")
                .doesNotContain("\"type\":\"done\"", "id: ");
    }

    @Test
    @Order(2)
    void nothingOfItIsLogged() {
        LogLines lines = Objects.requireNonNull(log);
        Request.get("/nothing").header("X-Request-Id: the-last").bearer(token).send();
        await().atMost(PATIENCE).until(() -> !lines.of("the-last").isEmpty());

        assertThat(lines.lines()).allSatisfy(line -> {
            assertThat(line.level().intValue()).as("%s", line).isLessThanOrEqualTo(Level.INFO.intValue());
            assertThat(line.hasStack()).as("%s", line).isFalse();
            assertThat(line.message()).doesNotContain("hush", token, daytona.apiKey());
        });
        sent.forEach((id, bad) -> assertThat(lines.of(id)).as("%s", bad).allSatisfy(line -> {
            assertThat(line.category()).isIn("omni.request");
            for (String secret : unspeakable(bad.request())) {
                assertThat(line.message()).doesNotContain(secret);
            }
        }));
        assertThat(sent.keySet().stream().filter(id -> !lines.of(id).isEmpty()).count())
                .isGreaterThan(300);
    }

    @Test
    void theCorpusIsLarge() throws Exception {
        assertThat(RequestCorpus.all()).hasSizeGreaterThan(600);
        assertThat(corpus()).hasSizeGreaterThan(1_000);
    }

    /** What of a request has no place in a log: its query, its body and what its headers say. */
    private static List<String> unspeakable(Request request) {
        Stream<String> body =
                request.body() == null ? Stream.of() : Stream.of(request.body().toString(StandardCharsets.UTF_8));
        Stream<String> headers = request.headers().stream()
                .map(line -> line.substring(line.indexOf(':') + 1).strip());
        return Stream.of(body, headers, Stream.of(request.query()))
                .flatMap(parts -> parts)
                .filter(part -> part.length() > 8)
                .toList();
    }

    private Request addressed(Request request) {
        return request.at(request.target()
                .replace(BadRequest.SANDBOX, caller == null ? "" : caller.sandboxId())
                .replace(BadRequest.JOB, job));
    }
}
