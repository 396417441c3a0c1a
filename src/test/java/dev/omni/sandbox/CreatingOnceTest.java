package dev.omni.sandbox;

import static dev.omni.TestUsers.as;
import static dev.omni.sandbox.Users.awaitGone;
import static dev.omni.sandbox.Users.createSandbox;
import static dev.omni.sandbox.Users.sandboxesOf;
import static dev.omni.sandbox.Users.somebody;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.notNullValue;

import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
class CreatingOnceTest {
    @Inject
    LocalDaytona daytona;

    @AfterEach
    void nothingIsBroken() {
        daytona.faults().clear();
    }

    @Test
    void theSameKeyAndBodyGiveTheSameSandbox() {
        String user = somebody();
        String id = createWithKey(user, "key-1", "{\"env\": {\"A\": \"1\", \"B\": \"2\"}}")
                .statusCode(201)
                .extract()
                .path("id");
        createWithKey(user, "key-1", "{\"env\": {\"B\": \"2\", \"A\": \"1\"}}")
                .statusCode(201)
                .body("id", equalTo(id));
        assertThat(sandboxesOf(user)).containsExactly(id);
    }

    @Test
    void theSameKeyWithAnotherBodyIsAConflict() {
        String user = somebody();
        createWithKey(user, "key-1", "{\"name\": \"one\"}").statusCode(201);
        createWithKey(user, "key-1", "{\"name\": \"other\"}")
                .statusCode(409)
                .body("code", equalTo("idempotency_conflict"));
        assertThat(sandboxesOf(user)).hasSize(1);
    }

    @Test
    void keysOfDifferentUsersHaveNothingToDoWithEachOther() {
        String id = createWithKey(somebody(), "key-1", "{}")
                .statusCode(201)
                .extract()
                .path("id");
        String other = createWithKey(somebody(), "key-1", "{}")
                .statusCode(201)
                .extract()
                .path("id");
        assertThat(other).isNotEqualTo(id);
    }

    @Test
    void manyCallsWithOneKeyAtOnceMakeOneSandbox() throws Exception {
        String user = somebody();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> calls = IntStream.range(0, 6)
                    .mapToObj(i -> threads.submit(() -> createWithKey(user, "key-1", "{}")
                            .statusCode(201)
                            .extract()
                            .<String>path("id")))
                    .toList();
            for (Future<String> call : calls) {
                assertThat(call.get()).isEqualTo(calls.getFirst().get());
            }
        }
        assertThat(sandboxesOf(user)).hasSize(1);
    }

    @Test
    void aNameIsTakenUntilItsSandboxIsDeleted() {
        String user = somebody();
        String id = createSandbox(user, "{\"name\": \"lab\"}")
                .statusCode(201)
                .extract()
                .path("id");
        createSandbox(user, "{\"name\": \"lab\"}").statusCode(409).body("code", equalTo("name_taken"));
        createWithKey(user, "key-1", "{\"name\": \"lab\"}").statusCode(409).body("code", equalTo("name_taken"));
        createSandbox(somebody(), "{\"name\": \"lab\"}").statusCode(201);

        as(user).delete("/api/v1/sandboxes/{id}", id).then().statusCode(204);
        awaitGone(user, id);
        createSandbox(user, "{\"name\": \"lab\"}").statusCode(201);
    }

    @Test
    void aSandboxWhoseAnswerWasLostIsFoundAgain() {
        String user = somebody();
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.lostAnswer());
        String id = createSandbox(user, "{\"name\": \"lab\"}")
                .statusCode(201)
                .extract()
                .path("id");
        assertThat(sandboxesOf(user)).containsExactly(id);
    }

    @Test
    void aFullPlatformIsAQuotaAndNotAFailure() {
        refuse("Total CPU limit exceeded. Maximum allowed: 10.");
        createSandbox(somebody(), "{}").statusCode(422).body("code", equalTo("quota_exceeded"));
    }

    @Test
    void aPlatformWithoutMachinesIsUnavailable() {
        refuse("No available runners");
        createSandbox(somebody(), "{}").statusCode(503).body("code", equalTo("upstream_unavailable"));
    }

    @Test
    void aSnapshotThatIsNotThereIsTheCallersToMend() {
        createSandbox(somebody(), "{\"snapshot\": \"no-such-snapshot\"}")
                .statusCode(400)
                .body("code", equalTo("validation_failed"))
                .body("violations[0].field", equalTo("snapshot"));
    }

    @Test
    void aThrottledPlatformSaysWhenToComeBack() {
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.tooManyRequests("sandbox-create", 1));
        createSandbox(somebody(), "{}")
                .statusCode(503)
                .body("code", equalTo("upstream_rate_limited"))
                .header("Retry-After", notNullValue());
    }

    private void refuse(String message) {
        daytona.faults()
                .on(Operation.CREATE_SANDBOX)
                .once(Fault.answer(
                        400,
                        Map.of("Content-Type", "application/json"),
                        "{\"statusCode\": 400, \"error\": \"Bad Request\", \"message\": \"" + message + "\"}"));
    }

    private static ValidatableResponse createWithKey(String user, String key, String body) {
        return as(user).header("Idempotency-Key", key)
                .body(body)
                .post("/api/v1/sandboxes")
                .then();
    }
}
