package dev.omni.job;

import static dev.omni.TestUsers.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasLength;

import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.sandbox.Users;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExecTest {
    @Inject
    LocalDaytona daytona;

    private JobCalls alice;

    @BeforeEach
    void aSandbox() {
        if (alice == null) {
            alice = JobCalls.ofSomebody();
        }
    }

    @AfterEach
    void noFaults() {
        daytona.faults().clear();
    }

    @Test
    void outputAndExitCodeComeBackThoughTheCommandFails() {
        alice.exec(Map.of("command", "echo out; echo err >&2; exit 3"))
                .then()
                .statusCode(200)
                .body("exitCode", equalTo(3))
                .body("stdout", equalTo("out\n"))
                .body("stderr", equalTo("err\n"))
                .body("truncated", equalTo(false))
                .body("durationMillis", greaterThanOrEqualTo(0));
    }

    @Test
    void aCommandMayHaveSeveralLinesAndComments() {
        assertThat(alice.stdout("# first\nfor i in 1 2; do\n  echo $i\ndone # last"))
                .isEqualTo("1\n2\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"it's", "$(id)", "`id`", "\"; id; \"", "a\\b", "'; id; '", "line\nline", "é€😀", "-n", "!!"})
    void textNeverBecomesSyntax(String text) {
        alice.exec(Map.of("command", "printf %s \"$TEXT\"; printf '\\n'", "env", Map.of("TEXT", text)))
                .then()
                .statusCode(200)
                .body("stdout", equalTo(text + "\n"))
                .body("exitCode", equalTo(0));
    }

    @Test
    void stdinIsClosedUnlessThereIsSome() {
        assertThat(alice.stdout("cat; echo end")).isEqualTo("end\n");
        alice.exec(Map.of("command", "cat", "stdin", "it's\n$(id)\n")).then().body("stdout", equalTo("it's\n$(id)\n"));
    }

    @Test
    void theWorkingDirectoryApplies() {
        alice.exec(Map.of("command", "pwd", "cwd", "/tmp")).then().body("stdout", equalTo("/tmp\n"));
        alice.exec(Map.of("command", "pwd", "cwd", "/no/such"))
                .then()
                .statusCode(200)
                .body("exitCode", equalTo(126))
                .body("stderr", equalTo("omni: cannot enter the working directory /no/such\n"));
    }

    @Test
    void theSandboxKnowsItsUser() {
        assertThat(alice.stdout("echo $USER_ID")).isEqualTo(alice.userId() + "\n");
    }

    @Test
    void aCommandThatTakesTooLongIsEndedInTheSandbox() {
        alice.exec(Map.of("command", "echo $$ > pid; exec sleep 60", "timeoutSeconds", 1))
                .then()
                .statusCode(504)
                .body("code", equalTo("exec_timeout"));
        assertThat(alice.stdout("kill -0 $(cat pid) 2>/dev/null && echo runs || echo gone"))
                .isEqualTo("gone\n");
    }

    @Test
    void whatACommandLeavesRunningEndsWithIt() {
        assertThat(alice.stdout("sleep 60 & echo $! > child; echo done")).isEqualTo("done\n");
        assertThat(alice.stdout("kill -0 $(cat child) 2>/dev/null && echo runs || echo gone"))
                .isEqualTo("gone\n");
    }

    @Test
    void moreThanTheLimitIsCutAndSaidSo() {
        alice.exec(Map.of("command", "head -c 1500000 /dev/zero | tr '\\0' x; echo err >&2"))
                .then()
                .statusCode(200)
                .body("truncated", equalTo(true))
                .body("stdout", hasLength(1024 * 1024))
                .body("stderr", equalTo("err\n"));
    }

    @Test
    void nothingStaysBehind() {
        int before = daytona.traffic().requests(Operation.DELETE_SESSION);
        alice.stdout("true");
        await().untilAsserted(() ->
                assertThat(daytona.traffic().requests(Operation.DELETE_SESSION)).isGreaterThan(before));
        alice.list().then().statusCode(200).body("items", equalTo(java.util.List.of()));
        await().untilAsserted(() ->
                assertThat(alice.stdout("ls -A ~/.omni/jobs | wc -l")).isEqualTo("1\n"));
    }

    @Test
    void aStoppedSandboxIsNotReady() {
        JobCalls stopped = JobCalls.ofSomebody();
        String user = stopped.userId();
        as(user).post("/api/v1/sandboxes/{id}/stop", stopped.sandboxId()).then().statusCode(202);
        await().untilAsserted(() -> stopped.exec(Map.of("command", "true"))
                .then()
                .statusCode(409)
                .body("code", equalTo("sandbox_not_ready")));
    }

    @Test
    void somebodyElsesSandboxIsNotThere() {
        new JobCalls(Users.somebody(), alice.sandboxId())
                .exec(Map.of("command", "true"))
                .then()
                .statusCode(404)
                .body("code", equalTo("sandbox_not_found"));
    }

    @ParameterizedTest
    @CsvSource({
        "429, 503, upstream_rate_limited",
        "500, 502, upstream_error",
        "502, 503, upstream_unavailable",
        "503, 503, upstream_unavailable",
    })
    void upstreamFailuresAreToldAsSuch(int upstream, int status, String code) {
        daytona.faults().on(Operation.CREATE_SESSION).once(Fault.status(upstream));
        alice.exec(Map.of("command", "true")).then().statusCode(status).body("code", equalTo(code));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}                                           | validation_failed | command",
                "{\"command\": \"  \"}                        | validation_failed | command",
                "{\"command\": 1}                             | validation_failed | command",
                "{\"command\": \"a\\u0000b\"}                 | validation_failed | command",
                "{\"command\": \"x\", \"timeoutSeconds\": 0}  | validation_failed | timeoutSeconds",
                "{\"command\": \"x\", \"timeoutSeconds\": 301}| validation_failed | timeoutSeconds",
                "{\"command\": \"x\", \"env\": {\"1\": \"\"}} | validation_failed | env",
                "{\"command\": \"x\", \"cwd\": \"a\\nb\"}     | validation_failed | cwd",
            })
    void badRequestsNameTheField(String body, String code, String field) {
        as(alice.userId())
                .body(body)
                .post("/api/v1/sandboxes/{id}/exec", alice.sandboxId())
                .then()
                .statusCode(400)
                .body("code", equalTo(code))
                .body("violations.field.collect { it.tokenize('.<[')[0] }", hasItem(field));
    }

    @Test
    void aCommandMayBeAsLongAsTheLimitSays() {
        Map<String, Object> body = new HashMap<>();
        body.put("command", "echo " + "é'".repeat(16_000) + "'".repeat(2) + " | wc -c");
        alice.exec(body).then().statusCode(200);
        body.put("command", "x".repeat(32 * 1024 + 1));
        alice.exec(body).then().statusCode(400);
    }
}
