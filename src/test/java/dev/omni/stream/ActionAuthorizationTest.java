package dev.omni.stream;

import static dev.omni.TestUsers.shortLivedToken;
import static dev.omni.TestUsers.token;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.omni.identity.Caller;
import dev.omni.job.JobCalls;
import dev.omni.sandbox.Users;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Who may do what over a connection: the whole table of actions, and proof that it is whole. */
@QuarkusTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ActionAuthorizationTest {
    /**
     * What an action is answered with, by who asks for it. What is answered by nothing but its effect is followed by the
     * heartbeat of a ping.
     *
     * @param rest the message's fields beside its type
     */
    record Action(String type, String rest, String owner, String other, String operator) {
        @Override
        public String toString() {
            return type;
        }

        String message(String sandbox, String job, String token) {
            return "{\"type\":\"" + type + "\""
                    + rest.replace("SANDBOX", sandbox).replace("JOB", job).replace("TOKEN", token)
                    + "}";
        }
    }

    private static final String NAMED = ",\"sandboxId\":\"SANDBOX\",\"jobId\":\"JOB\"";

    /** The token of an auth is always the owner's. */
    static final List<Action> ACTIONS = List.of(
            new Action("ping", "", "heartbeat", "heartbeat", "heartbeat"),
            new Action("auth", ",\"token\":\"TOKEN\"", "heartbeat", "invalid_token", "invalid_token"),
            new Action("subscribe", NAMED, "subscribed", "sandbox_not_found", "subscribed"),
            new Action("unsubscribe", NAMED, "heartbeat", "heartbeat", "heartbeat"),
            new Action("input", NAMED + ",\"data\":\"x\"", "heartbeat", "sandbox_not_found", "forbidden"),
            new Action("cancel", NAMED, "heartbeat", "sandbox_not_found", "forbidden"));

    @TestHTTPResource
    URI base;

    private @Nullable JobCalls shared;

    @BeforeEach
    void aSandbox() {
        if (shared == null) {
            shared = JobCalls.ofSomebody();
        }
    }

    @Test
    void everyActionIsInTheTableAndNothingElse() {
        assertThat(ACTIONS.stream().map(Action::type))
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(ClientMessage.class.getPermittedSubclasses())
                        .map(type -> type.getSimpleName().toLowerCase(Locale.ROOT))
                        .toList());
    }

    @ParameterizedTest(name = "{0}")
    @FieldSource("ACTIONS")
    void anActionIsAnsweredAsTheTableSays(Action action) {
        String job = reader();
        try (TestClient watching = TestClient.connect(base, token(owner().userId()))) {
            watching.send(new Action("subscribe", NAMED, "", "", "").message(owner().sandboxId(), job, ""));
            assertThat(watching.nextOfJobs().path("type").asText()).isEqualTo("subscribed");

            assertThat(said(action, job, token(Users.somebody()))).isEqualTo(action.other());
            assertThat(said(action, job, token(Users.somebody(), Caller.OPERATOR)))
                    .isEqualTo(action.operator());
            assertThat(owner().get(job).jsonPath().getString("status")).isEqualTo("running");

            assertThat(said(action, job, token(owner().userId()))).isEqualTo(action.owner());
            // Whatever the others tried, it is the owner's doing that is seen first; and nobody's that the owner is not
            // told.
            owner().input(job, "end");
            List<String> printed = new ArrayList<>();
            JsonNode message = watching.nextOfJobs();
            for (; !message.path("type").asText().equals("done"); message = watching.nextOfJobs()) {
                printed.add(message.path("data").asText(message.path("code").asText()));
            }
            assertThat(String.join("", printed).lines().toList().getLast())
                    .isEqualTo(
                            switch (action.type()) {
                                case "input" -> "got x";
                                case "cancel" -> "cancelled";
                                default -> "got end";
                            });
        }
    }

    /** It is told to go, and does not: nothing that it still says is heard. */
    @Test
    void afterItsTokenHasExpiredNoActionIsTaken() {
        String job = reader();
        String fresh = token(owner().userId());
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < ACTIONS.size(); i++) {
                var client = new RawClient(base);
                clients.add(client);
                String soon = shortLivedToken(owner().userId(), 2);
                assertThat(client.handshake(Map.of("Authorization", "Bearer " + soon)))
                        .startsWith("HTTP/1.1 101 ");
            }
            for (int i = 0; i < ACTIONS.size(); i++) {
                RawClient client = clients.get(i);
                assertThat(closeCode(client)).as("%s", ACTIONS.get(i)).isEqualTo(CloseCode.TOKEN.code());

                client.sendText(ACTIONS.get(i).message(owner().sandboxId(), job, fresh));
                client.readToTheEnd();

                assertThat(client.poll()).as("%s", ACTIONS.get(i)).isEmpty();
            }
        } finally {
            clients.forEach(RawClient::close);
        }
        assertThat(owner().get(job).jsonPath().getString("status")).isEqualTo("running");
        assertThat(owner().output(job, Map.of()).asString()).isEmpty();
        owner().cancel(job);
    }

    /** What comes up to the close frame, without an answer to it. */
    private static int closeCode(RawClient client) {
        while (client.read(1_000)) {
            for (var frame = client.poll(); frame.isPresent(); frame = client.poll()) {
                if (frame.get().isClose()) {
                    return frame.get().closeCode();
                }
            }
        }
        return 1006;
    }

    @Test
    void somebodyElsesSandboxIsSpokenOfAsOneThatIsNotThere() {
        String job = reader();
        for (Action action : ACTIONS) {
            if (action.rest().startsWith(NAMED)) {
                String stranger = token(Users.somebody());
                assertThat(answer(action.message(owner().sandboxId(), job, ""), stranger))
                        .isEqualTo(answer(
                                action.message(
                                        UUID.randomUUID().toString(),
                                        UUID.randomUUID().toString(),
                                        ""),
                                stranger));
            }
        }
        owner().cancel(job);
    }

    private String answer(String message, String token) {
        try (TestClient client = TestClient.connect(base, token)) {
            assertThat(client.nextType()).isEqualTo("heartbeat");
            client.send(message);
            client.send("{\"type\":\"ping\"}");
            return client.next()
                    .toString()
                    .replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>")
                    .replaceAll("\"ts\":\\d+", "<ts>");
        }
    }

    private String said(Action action, String job, String token) {
        try (TestClient client = TestClient.connect(base, token)) {
            assertThat(client.nextType()).isEqualTo("heartbeat");
            client.send(action.message(owner().sandboxId(), job, token(owner().userId())));
            client.send("{\"type\":\"ping\"}");
            JsonNode answer = client.next();
            return answer.path("type").asText().equals("error")
                    ? answer.path("code").asText()
                    : answer.path("type").asText();
        }
    }

    /** A job that waits for one line, and says which. */
    private String reader() {
        return owner().startedWith("read -r line && echo got $line", Map.of("stdin", "open"));
    }

    private JobCalls owner() {
        return Objects.requireNonNull(shared);
    }
}
