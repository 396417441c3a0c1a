package dev.omni.security;

import static dev.omni.TestUsers.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.omni.RawHttp;
import dev.omni.identity.Caller;
import dev.omni.job.JobCalls;
import dev.omni.sandbox.Users;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.StringTokenizer;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Who may call what: the whole table, and proof that it is whole. */
@QuarkusTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuthorizationTest {
    /** Who calls. The owner is the one whose sandbox and job are in the address; an operator is another user. */
    enum Who {
        NOBODY,
        FORGER,
        EXPIRED,
        OWNER,
        OTHER,
        OPERATOR
    }

    /** The resources. An answer is a status, with the code where it is a problem. */
    static final List<Route> ROUTES = Route.table("""
            POST   /api/v1/sandboxes                                       | 401 | 401 | 401 | 201 | 201 | 201
            PUT    /api/v1/sandboxes/default                               | 401 | 401 | 401 | 201 | 201 | 201
            GET    /api/v1/limits                                          | 401 | 401 | 401 | 200 | 200 | 200
            GET    /api/v1/sandboxes                                       | 401 | 401 | 401 | 200 | 200 | 200
            GET    /api/v1/sandboxes/{sandboxId}                           | 401 | 401 | 401 | 200 | 404 sandbox_not_found | 200
            PATCH  /api/v1/sandboxes/{sandboxId}                           | 401 | 401 | 401 | 200 | 404 sandbox_not_found | 403 forbidden
            DELETE /api/v1/sandboxes/{sandboxId}                           | 401 | 401 | 401 | 204 | 204 | 403 forbidden
            POST   /api/v1/sandboxes/{sandboxId}/start                     | 401 | 401 | 401 | 202 | 404 sandbox_not_found | 403 forbidden
            POST   /api/v1/sandboxes/{sandboxId}/stop                      | 401 | 401 | 401 | 202 | 404 sandbox_not_found | 403 forbidden
            POST   /api/v1/sandboxes/{sandboxId}/archive                   | 401 | 401 | 401 | 409 sandbox_not_ready | 404 sandbox_not_found | 403 forbidden
            POST   /api/v1/sandboxes/{sandboxId}/exec                      | 401 | 401 | 401 | 200 | 404 sandbox_not_found | 403 forbidden
            POST   /api/v1/sandboxes/{sandboxId}/jobs                      | 401 | 401 | 401 | 202 | 404 sandbox_not_found | 403 forbidden
            GET    /api/v1/sandboxes/{sandboxId}/jobs                      | 401 | 401 | 401 | 200 | 404 sandbox_not_found | 200
            GET    /api/v1/sandboxes/{sandboxId}/jobs/{jobId}              | 401 | 401 | 401 | 200 | 404 sandbox_not_found | 200
            GET    /api/v1/sandboxes/{sandboxId}/jobs/{jobId}/output       | 401 | 401 | 401 | 200 | 404 sandbox_not_found | 200
            GET    /api/v1/sandboxes/{sandboxId}/jobs/{jobId}/events       | 401 | 401 | 401 | 200 | 404 sandbox_not_found | 200
            POST   /api/v1/sandboxes/{sandboxId}/jobs/{jobId}/input        | 401 | 401 | 401 | 204 | 404 sandbox_not_found | 403 forbidden
            POST   /api/v1/sandboxes/{sandboxId}/jobs/{jobId}/cancel       | 401 | 401 | 401 | 202 | 404 sandbox_not_found | 403 forbidden
            POST   /api/sandbox/create                                     | 401 | 401 | 401 | 200 | 200 | 200
            GET    /api/sandbox/status                                     | 401 | 401 | 401 | 200 | 404 sandbox_not_found | 200
            POST   /api/knowledge/process                                  | 401 | 401 | 401 | 202 | 404 sandbox_not_found | 403 forbidden
            POST   /api/snapshot/invalidate                                | 401 | 401 | 401 | 200 | 200 | 200
            POST   /dev/token                                              | 200 | 401 | 401 | 200 | 200 | 200
            """);

    /**
     * What is no resource. Only {@code /ws}, {@code /client} and the API document are on the public port
     * outside development. */
    static final List<Route> OTHERS = Route.table("""
            GET    /                                                       | 200 | 401 | 401 | 200 | 200 | 200
            GET    /console/console.css                                    | 200 | 401 | 401 | 200 | 200 | 200
            GET    /console/console.js                                     | 200 | 401 | 401 | 200 | 200 | 200
            GET    /console/icon.svg                                       | 200 | 401 | 401 | 200 | 200 | 200
            GET    /console/screen.js                                      | 200 | 401 | 401 | 200 | 200 | 200
            GET    /client/omni.js                                         | 200 | 401 | 401 | 200 | 200 | 200
            GET    /client/omni.d.ts                                       | 200 | 401 | 401 | 200 | 200 | 200
            GET    /ws                                                     | 401 | 401 | 401 | 101 | 101 | 101
            GET    /q/openapi                                              | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/health                                               | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/health/live                                          | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/health/ready                                         | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/health/started                                       | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/health-ui                                            | 302 | 401 | 401 | 302 | 302 | 302
            GET    /q/health/group                                         | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/health/group/                                        | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/health/well                                          | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/metrics/                                             | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/openapi.json                                         | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/openapi.yaml                                         | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/openapi.yml                                          | 200 | 401 | 401 | 200 | 200 | 200
            GET    /q/swagger-ui                                           | 302 | 401 | 401 | 302 | 302 | 302
            GET    /q/metrics                                              | 200 | 401 | 401 | 200 | 200 | 200
            """);

    /** Bodies that are right, so that what is answered is about the caller. */
    private static final Map<String, String> BODIES = Map.of(
            "POST /api/v1/sandboxes", "{}",
            "PATCH /api/v1/sandboxes/{sandboxId}", "{\"labels\":{\"a\":\"b\"}}",
            "POST /api/v1/sandboxes/{sandboxId}/exec", "{\"command\":\"true\"}",
            "POST /api/v1/sandboxes/{sandboxId}/jobs", "{\"command\":\"true\"}",
            "POST /api/v1/sandboxes/{sandboxId}/jobs/{jobId}/input", "{\"data\":\"x\"}",
            "POST /api/sandbox/create", "{}",
            "POST /api/knowledge/process", "{\"input\":\"x\",\"sandboxId\":\"{sandboxId}\"}",
            "POST /dev/token", "{\"sub\":\"x\"}");

    /** After these the sandbox is not what it was. */
    private static final Set<String> ENDING =
            Set.of("DELETE /api/v1/sandboxes/{sandboxId}", "POST /api/v1/sandboxes/{sandboxId}/stop");

    /** An address, and what each caller is answered. */
    record Route(String method, String path, Map<Who, String> answers) {
        static List<Route> table(String text) {
            List<Route> routes = new ArrayList<>();
            for (String line : text.lines().toList()) {
                var cells = new StringTokenizer(line, "|");
                var address = new StringTokenizer(cells.nextToken());
                String method = address.nextToken();
                String path = address.nextToken();
                Map<Who, String> answers = new EnumMap<>(Who.class);
                for (Who who : Who.values()) {
                    String cell = cells.nextToken().strip();
                    String code = who == Who.EXPIRED ? "token_expired" : "unauthenticated";
                    answers.put(who, cell.equals("401") && !path.equals("/ws") ? "401 " + code : cell);
                }
                routes.add(new Route(method, path, answers));
            }
            return List.copyOf(routes);
        }

        String name() {
            return method + " " + path;
        }

        @Override
        public String toString() {
            return name();
        }
    }

    @Inject
    Routes routes;

    private final String other = Users.somebody();
    private final String operator = Users.somebody();
    private String expired = "";
    private @Nullable JobCalls shared;

    @BeforeEach
    void aSandbox() throws GeneralSecurityException {
        if (shared == null) {
            shared = JobCalls.ofSomebody();
            expired = ForgedTokens.all().stream()
                    .filter(forged -> forged.code().equals("token_expired"))
                    .map(ForgedTokens.Forged::token)
                    .findFirst()
                    .orElseThrow();
        }
    }

    @ParameterizedTest(name = "{0}")
    @FieldSource("ROUTES")
    void aResourceAnswersEachCallerAsTheTableSays(Route route) {
        JobCalls owner = ENDING.contains(route.name()) ? JobCalls.ofSomebody() : calls();
        String job = route.path().contains("{jobId}") ? job(owner, route) : "";
        List<String> answers = new ArrayList<>();
        // The owner comes last, as what the owner does may end it.
        for (Who who : List.of(Who.NOBODY, Who.FORGER, Who.EXPIRED, Who.OTHER, Who.OPERATOR)) {
            answers.add(who + " "
                    + said(as(who, owner, request(route, owner.sandboxId(), job))
                            .send()));
        }
        assertThat(Users.statusOf(owner.userId(), owner.sandboxId())).isEqualTo("ready");
        answers.add(Who.OWNER + " "
                + said(as(Who.OWNER, owner, request(route, owner.sandboxId(), job))
                        .send()));

        assertThat(answers).containsExactlyInAnyOrderElementsOf(expected(route));
    }

    @ParameterizedTest(name = "{0}")
    @FieldSource("OTHERS")
    void whatIsNoResourceAnswersEachCallerAsTheTableSays(Route route) {
        List<String> answers = new ArrayList<>();
        for (Who who : Who.values()) {
            Request request = as(who, calls(), Request.call(route.method(), route.path()));
            answers.add(who + " "
                    + (route.path().equals("/ws")
                            ? handshake(request, URI.create("ws://localhost:" + RawHttp.port() + "/ws"))
                            : said(request.send())));
        }

        assertThat(answers).isEqualTo(expected(route));
    }

    @Test
    void everyResourceIsInTheTableAndNothingElse() {
        assertThat(routes.resources())
                .isEqualTo(ROUTES.stream().map(Route::name).collect(Collectors.toCollection(TreeSet::new)));
    }

    @Test
    void everyOtherAddressIsInTheTable() {
        Set<String> known = OTHERS.stream().map(Route::path).collect(Collectors.toCollection(TreeSet::new));
        assertThat(routes.others()).isEqualTo(known);
    }

    @Test
    void everyOperationOfTheApiDocumentIsInTheTable() {
        Set<String> documented = new TreeSet<>();
        Request.get("/q/openapi?format=json")
                .send()
                .json()
                .path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(operation ->
                                documented.add(operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey())));
        documented.removeIf(operation -> operation.contains(" /test-"));
        assertThat(documented)
                .isEqualTo(ROUTES.stream().map(Route::name).collect(Collectors.toCollection(TreeSet::new)));
    }

    /** That a sandbox exists is not told: down to the byte, but for the ids that the caller has named. */
    @ParameterizedTest(name = "{0}")
    @FieldSource("ROUTES")
    void somebodyElsesIsAnsweredAsWhatIsNotThere(Route route) {
        if (!route.path().contains("{sandboxId}")
                && !BODIES.getOrDefault(route.name(), "").contains("{sandboxId}")) {
            return;
        }
        String job = calls().started("true");
        String nowhere = UUID.randomUUID().toString();
        Answer foreign =
                as(Who.OTHER, calls(), request(route, calls().sandboxId(), job)).send();
        Answer absent = as(
                        Who.OTHER,
                        calls(),
                        request(route, nowhere, UUID.randomUUID().toString()))
                .send();

        assertThat(anonymous(foreign)).isEqualTo(anonymous(absent));
    }

    private Request request(Route route, String sandbox, String job) {
        String path = route.path().equals("/api/sandbox/status") ? route.path() + "?id=" + sandbox : route.path();
        Request request = Request.call(
                route.method(), path.replace("{sandboxId}", sandbox).replace("{jobId}", job));
        String body = BODIES.get(route.name());
        return body == null ? request : request.json(body.replace("{sandboxId}", sandbox));
    }

    private Request as(Who who, JobCalls owner, Request request) {
        return switch (who) {
            case NOBODY -> request;
            case FORGER -> request.bearer(token("x") + "x");
            case EXPIRED -> request.bearer(expired);
            case OWNER -> request.bearer(token(owner.userId()));
            case OTHER -> request.bearer(token(other));
            case OPERATOR -> request.bearer(token(operator, Caller.OPERATOR));
        };
    }

    /** What a handshake is answered with; its refusal has no body that a client could see. */
    static String handshake(Request request, URI address) {
        try (HttpClient http = HttpClient.newHttpClient()) {
            WebSocket.Builder builder = http.newWebSocketBuilder();
            request.headers().forEach(line -> builder.header(line.split(": ", 2)[0], line.split(": ", 2)[1]));
            builder.buildAsync(address, new WebSocket.Listener() {}).join().abort();
            return "101";
        } catch (CompletionException e) {
            return e.getCause() instanceof WebSocketHandshakeException refused
                    ? String.valueOf(refused.getResponse().statusCode())
                    : e.toString();
        }
    }

    private static List<String> expected(Route route) {
        List<String> all = new ArrayList<>();
        for (Who who : Who.values()) {
            all.add(who + " " + route.answers().get(who));
        }
        return all;
    }

    private static String said(Answer answer) {
        return answer.status() < 400
                ? String.valueOf(answer.status())
                : answer.status() + " " + answer.tellsNothing().code();
    }

    /** One that is running and reads, or for its events one that has ended. */
    private static String job(JobCalls owner, Route route) {
        if (route.path().endsWith("/events")) {
            String job = owner.started("echo done");
            owner.ended(job);
            return job;
        }
        return owner.startedWith("cat", Map.of("stdin", "open"));
    }

    private JobCalls calls() {
        return Objects.requireNonNull(shared);
    }

    private static String anonymous(Answer answer) {
        String headers = answer.headers().stream()
                .filter(line -> !line.startsWith("X-Request-Id"))
                .collect(Collectors.joining("\n"));
        return (answer.status() + "\n" + headers + "\n" + answer.body())
                .replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>");
    }
}
