package dev.omni.sandbox;

import static dev.omni.TestUsers.as;
import static dev.omni.sandbox.Users.awaitGone;
import static dev.omni.sandbox.Users.awaitStatus;
import static dev.omni.sandbox.Users.createSandbox;
import static dev.omni.sandbox.Users.sandboxesOf;
import static dev.omni.sandbox.Users.somebody;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;

import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import jakarta.inject.Inject;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
class DefaultSandboxTest {
    private final String user = somebody();

    @Inject
    LocalDaytona daytona;

    @AfterEach
    void nothingIsBroken() {
        daytona.faults().clear();
    }

    @Test
    void isCreatedTheFirstTimeAndFoundEverAfter() {
        String id = ensure("wait=30")
                .statusCode(201)
                .body("status", equalTo("ready"))
                .body("name", equalTo("default"))
                .extract()
                .path("id");
        ensure("wait=30").statusCode(200).body("id", equalTo(id)).header("Preference-Applied", "wait=30");
        assertThat(sandboxesOf(user)).containsExactly(id);
    }

    @Test
    void isWokenWhenItIsStopped() {
        String id = ensure("wait=30").extract().path("id");
        as(user).post("/api/v1/sandboxes/{id}/stop", id).then().statusCode(202);
        awaitStatus(user, id, "stopped");
        ensure("wait=30").statusCode(200).body("id", equalTo(id)).body("status", equalTo("ready"));
    }

    @Test
    void isWokenAlsoWhileItIsStillStopping() {
        String id = ensure("wait=30").extract().path("id");
        as(user).post("/api/v1/sandboxes/{id}/stop", id).then().statusCode(202);
        ensure("wait=30").statusCode(200).body("id", equalTo(id)).body("status", equalTo("ready"));
    }

    @Test
    void isOneHoweverManyCallsComeAtOnce() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<ValidatableResponse>> calls = IntStream.range(0, 10)
                    .mapToObj(i -> threads.submit(() -> ensure("wait=0")))
                    .toList();
            int created = 0;
            for (Future<ValidatableResponse> call : calls) {
                String id = calls.getFirst().get().extract().path("id");
                assertThat(call.get().extract().<String>path("id")).isEqualTo(id);
                created += call.get().extract().statusCode() == 201 ? 1 : 0;
            }
            assertThat(created).isEqualTo(1);
        }
        assertThat(sandboxesOf(user)).hasSize(1);
    }

    @Test
    void isFoundAgainWhenTheAnswerToItsCreationWasLost() {
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.lostAnswer());
        String id = ensure("wait=30").statusCode(201).extract().path("id");
        assertThat(sandboxesOf(user)).containsExactly(id);
    }

    @Test
    void isMendedRatherThanReplacedWhereThatIsPossible() {
        daytona.faults().on(Operation.CREATE_SANDBOX).once(new Fault.FailedStart("out of luck", true));
        String broken = ensure("wait=0").extract().path("id");
        awaitStatus(user, broken, "error");

        ensure("wait=30").statusCode(200).body("id", equalTo(broken)).body("status", equalTo("ready"));
        assertThat(sandboxesOf(user)).containsExactly(broken);
    }

    @Test
    void isReplacedWhenItIsBrokenForGood() {
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.failedStart("out of luck"));
        String broken = ensure("wait=0").extract().path("id");
        awaitStatus(user, broken, "error");

        String id = ensure("wait=30")
                .statusCode(201)
                .body("status", equalTo("ready"))
                .extract()
                .path("id");
        assertThat(id).isNotEqualTo(broken);
        assertThat(sandboxesOf(user)).containsExactly(id);
    }

    @Test
    void isMadeAnewAfterItWasDeleted() {
        String id = ensure("wait=30").extract().path("id");
        as(user).delete("/api/v1/sandboxes/{id}", id).then().statusCode(204);
        String next = ensure("wait=30").statusCode(201).extract().path("id");
        assertThat(next).isNotEqualTo(id);
        awaitGone(user, id);
    }

    @Test
    void leavesItsNameToNoOther() {
        createSandbox(user, "{\"name\": \"default\"}").statusCode(400).body("violations[0].field", equalTo("name"));
    }

    private ValidatableResponse ensure(String preference) {
        return as(user).header("Prefer", preference)
                .put("/api/v1/sandboxes/default")
                .then();
    }
}
