package dev.omni.job;

import static dev.omni.TestUsers.as;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.observe.LogLines;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Secrets that commands have in their environment, and nobody else sees. */
@QuarkusTest
@TestProfile(SecretVariablesTest.WithFiles.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecretVariablesTest {
    private static final String NAME = "ANTHROPIC_API_KEY";
    private static final String FIRST = "sk-test-it's $(a) `first` \"one\"";

    /** With a directory of secrets, as outside development. */
    public static class WithFiles implements QuarkusTestProfile {
        static final Path DIRECTORY = directory();

        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("omni.secret.directory", DIRECTORY.toString(), "omni.secret.check-interval", "50ms");
        }

        private static Path directory() {
            try {
                Path directory = Files.createTempDirectory("secrets");
                Files.writeString(directory.resolve("omni.sandbox.secret-env." + NAME), FIRST);
                return directory;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Inject
    LocalDaytona daytona;

    private JobCalls alice;

    @BeforeEach
    void aSandbox() throws IOException {
        put(FIRST);
        if (alice == null) {
            alice = JobCalls.ofSomebody();
        }
        await().until(() -> value().equals(FIRST));
    }

    @Test
    void everyKindOfCommandHasThemAndANewValueCountsFromTheNextOn() throws IOException {
        String running = alice.startedWith("read line; printf %s \"$" + NAME + "\"", Map.of("stdin", "open"));
        put("sk-second");
        await().until(() -> value().equals("sk-second"));
        String next = alice.started("printf %s \"$" + NAME + "\"");
        alice.ended(next);
        alice.input(running, "\n");
        alice.ended(running);

        assertThat(alice.output(next, Map.of()).asString()).isEqualTo("sk-second\n");
        assertThat(alice.output(running, Map.of()).asString()).isEqualTo(FIRST + "\n");
    }

    @Test
    void nothingOfThemStaysInTheSandbox() {
        String job = alice.started("true");
        alice.ended(job);

        assertThat(alice.stdout("ls -A ~/.omni/jobs/" + job)).doesNotContain("env");
        assertThat(alice.stdout("grep -rl sk-test ~/.omni || true")).isBlank();
    }

    @Test
    void nothingOfThemStaysOfACommandThatIsNotStarted() {
        daytona.faults().on(Operation.SESSION_EXEC, alice.sandboxId()).once(Fault.status(400));
        alice.exec(Map.of("command", "true")).then().statusCode(502);

        assertThat(alice.stdout("grep -rl sk-test ~/.omni || true")).isBlank();
    }

    @Test
    void neitherDaytonaNorAnyApiNorTheLogShowsThem() {
        try (LogLines log = new LogLines("")) {
            String job = alice.started("true");
            alice.ended(job);
            alice.exec(Map.of("command", "true"));

            List<String> shown = List.of(
                    daytonaSays("/api/sandbox/" + alice.sandboxId()),
                    daytonaSays("/toolbox/" + alice.sandboxId() + "/process/session"),
                    alice.get(job).asString(),
                    alice.list().asString(),
                    as(alice.userId())
                            .get("/api/v1/sandboxes/{id}", alice.sandboxId())
                            .asString(),
                    as(alice.userId()).get("/api/v1/sandboxes").asString());

            assertThat(shown).allSatisfy(text -> assertThat(text).contains("{").doesNotContain("sk-test"));
            assertThat(shown.getFirst()).doesNotContain(NAME);
            assertThat(log.lines()).extracting(LogLines.Line::message).noneMatch(line -> line.contains("sk-test"));
        }
    }

    @Test
    void aRequestMayNotSetThem() {
        Map<String, String> env = Map.of(NAME, "mine");
        String field = "env." + NAME;
        alice.exec(Map.of("command", "true", "env", env))
                .then()
                .statusCode(400)
                .body("code", equalTo("validation_failed"))
                .body("violations[0].field", equalTo(field));
        alice.start(Map.of("command", "true", "env", env))
                .then()
                .statusCode(400)
                .body("violations[0].field", equalTo(field));
        alice.start(Map.of("prompt", Map.of("input", "hi"), "env", env))
                .then()
                .statusCode(400)
                .body("violations[0].field", equalTo(field));
        as(alice.userId())
                .body(Map.of("env", env))
                .post("/api/v1/sandboxes")
                .then()
                .statusCode(400)
                .body("violations[0].field", equalTo(field));
    }

    private String value() {
        return alice.stdout("printf %s \"$" + NAME + "\"").strip();
    }

    private static void put(String value) throws IOException {
        Path next = Files.writeString(WithFiles.DIRECTORY.resolve(".next"), value);
        Files.move(
                next, WithFiles.DIRECTORY.resolve("omni.sandbox.secret-env." + NAME), StandardCopyOption.ATOMIC_MOVE);
    }

    private String daytonaSays(String path) {
        return given().header("Authorization", "Bearer " + daytona.apiKey())
                .get(daytona.apiUrl().resolve(path))
                .then()
                .statusCode(200)
                .extract()
                .asString();
    }
}
