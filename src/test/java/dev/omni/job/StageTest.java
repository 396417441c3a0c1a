package dev.omni.job;

import static dev.omni.TestUsers.as;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.sandbox.Users;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A failure of the platform says at which step it happened, and whether to try again. */
@QuarkusTest
class StageTest {
    private static final String SANDBOXES = "/api/v1/sandboxes";

    @Inject
    LocalDaytona daytona;

    @AfterEach
    void noFaults() {
        daytona.faults().clear();
    }

    @Test
    void creating() {
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.tooManyRequests("sandbox-create", 1));

        Response answer = as(Users.somebody()).body("{}").post(SANDBOXES);

        failed(answer, 503, "upstream_rate_limited", "create");
        answer.then().header("Retry-After", "1").body("retryAfterSeconds", is(1));
    }

    @Test
    void lookingUp() {
        JobCalls alice = JobCalls.ofSomebody();
        daytona.faults().on(Operation.GET_SANDBOX).always(Fault.status(403));

        failed(as(alice.userId()).get(SANDBOXES + "/" + alice.sandboxId()), 502, "upstream_error", "lookup", false);
    }

    @Test
    void stopping() {
        JobCalls alice = JobCalls.ofSomebody();
        daytona.faults().on(Operation.STOP_SANDBOX).always(Fault.status(500));

        failed(as(alice.userId()).post(SANDBOXES + "/" + alice.sandboxId() + "/stop"), 502, "upstream_error", "stop");
    }

    @Test
    void starting() {
        JobCalls alice = JobCalls.ofSomebody();
        as(alice.userId())
                .post(SANDBOXES + "/" + alice.sandboxId() + "/stop")
                .then()
                .statusCode(202);
        Users.awaitStatus(alice.userId(), alice.sandboxId(), "stopped");
        daytona.faults().on(Operation.START_SANDBOX).always(Fault.status(500));

        failed(as(alice.userId()).post(SANDBOXES + "/" + alice.sandboxId() + "/start"), 502, "upstream_error", "start");
    }

    @ParameterizedTest
    @CsvSource({"CREATE_SESSION, session", "UPLOAD_FILE, upload", "SESSION_EXEC, command"})
    void running(Operation operation, String stage) {
        JobCalls alice = JobCalls.ofSomebody();
        daytona.faults().on(operation).always(Fault.status(500));

        failed(alice.start(Map.of("prompt", Map.of("input", "hello"))), 502, "upstream_error", stage);
    }

    @Test
    void aCommandThatTakesTooLong() {
        failed(
                JobCalls.ofSomebody().exec(Map.of("command", "sleep 60", "timeoutSeconds", 1)),
                504,
                "exec_timeout",
                "command");
    }

    @Test
    void readingWhatWasPrinted() {
        JobCalls alice = JobCalls.ofSomebody();
        String job = alice.started("echo hello");
        alice.ended(job);
        daytona.faults().on(Operation.GET_LOG).always(Fault.status(500));

        failed(alice.output(job, Map.of()), 502, "upstream_error", "log");
    }

    @Test
    void aCommandThatMayHaveRunIsNotToBeSentAgain() {
        JobCalls alice = JobCalls.ofSomebody();
        daytona.faults().on(Operation.SESSION_EXEC).always(Fault.lostAnswer());
        daytona.faults().on(Operation.GET_SESSION).always(Fault.status(500));

        alice.exec(Map.of("command", "echo hello"))
                .then()
                .body("stage", equalTo("command"))
                .body("retryable", is(false));
    }

    private static void failed(Response answer, int status, String code, String stage) {
        failed(answer, status, code, stage, !code.equals("exec_timeout"));
    }

    private static void failed(Response answer, int status, String code, String stage, boolean retryable) {
        answer.then()
                .statusCode(status)
                .body("code", equalTo(code))
                .body("stage", equalTo(stage))
                .body("retryable", is(retryable));
    }
}
