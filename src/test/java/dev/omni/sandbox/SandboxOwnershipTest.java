package dev.omni.sandbox;

import static dev.omni.TestUsers.as;
import static dev.omni.sandbox.Users.awaitGone;
import static dev.omni.sandbox.Users.awaitStatus;
import static dev.omni.sandbox.Users.createReady;
import static dev.omni.sandbox.Users.somebody;
import static dev.omni.sandbox.Users.statusOf;
import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.hamcrest.Matchers.equalTo;

import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import dev.omni.identity.Caller;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
class SandboxOwnershipTest {
    private final String alice = somebody();
    private final String bob = somebody();

    @Inject
    Sandboxes sandboxes;

    @Inject
    LocalDaytona daytona;

    @ParameterizedTest
    @CsvSource({"GET, ''", "POST, /start", "POST, /stop"})
    void somebodyElsesSandboxIsAsUnknownAsOneThatIsNotThere(String method, String action) {
        String id = createReady(alice);
        for (String unknown : List.of(id, UUID.randomUUID().toString(), "no_id", "a".repeat(65))) {
            as(bob).request(method, "/api/v1/sandboxes/" + unknown + action)
                    .then()
                    .statusCode(404)
                    .body("code", equalTo("sandbox_not_found"))
                    .body("detail", equalTo("You have no sandbox with that id."));
        }
    }

    @Test
    void somebodyElsesSandboxIsNotDeletedAndItsExistenceNotTold() {
        String id = createReady(alice);
        as(bob).delete("/api/v1/sandboxes/{id}", id).then().statusCode(204);
        as(bob).delete("/api/v1/sandboxes/{id}", UUID.randomUUID()).then().statusCode(204);
        assertThat(statusOf(alice, id)).isEqualTo("ready");
    }

    @Test
    void anOperatorMayLookAtEverySandboxAndTouchNone() {
        String id = createReady(alice);
        for (String action : List.of("start", "stop", "archive")) {
            as(bob, Caller.OPERATOR)
                    .post("/api/v1/sandboxes/{id}/{action}", id, action)
                    .then()
                    .statusCode(403)
                    .body("code", equalTo("forbidden"));
        }
        as(bob, Caller.OPERATOR).delete("/api/v1/sandboxes/{id}", id).then().statusCode(403);
        as(bob, Caller.OPERATOR)
                .body(Map.of("command", "true"))
                .post("/api/v1/sandboxes/{id}/exec", id)
                .then()
                .statusCode(403);
        as(bob, Caller.OPERATOR).get("/api/v1/sandboxes/{id}/jobs", id).then().statusCode(200);
        as(bob, Caller.OPERATOR)
                .get("/api/v1/sandboxes/{id}", id)
                .then()
                .statusCode(200)
                .body("id", equalTo(id));
    }

    @Test
    void aSandboxIsNotFoundByItsName() {
        as(alice).put("/api/v1/sandboxes/default").then().statusCode(201);
        String id = createReady(alice);
        String name =
                as(alice).get("/api/v1/sandboxes/{id}", id).then().extract().path("name");
        as(alice).get("/api/v1/sandboxes/{name}", name).then().statusCode(404);
    }

    @Test
    void nobodyIsLetInWithoutAToken() {
        given().get("/api/v1/sandboxes").then().statusCode(401).body("code", equalTo("unauthenticated"));
        given().put("/api/v1/sandboxes/default").then().statusCode(401);
    }

    @Test
    void aProofIsAskedForOnceByAnyNumberOfCallers() {
        String id = createReady(alice);
        int before = daytona.traffic().requests(Operation.GET_SANDBOX);
        List<Uni<SandboxAccess>> accesses = IntStream.range(0, 20)
                .mapToObj(i -> sandboxes.access(caller(alice), id))
                .toList();
        List<SandboxAccess> proven =
                Uni.join().all(accesses).andFailFast().await().atMost(Duration.ofSeconds(10));
        assertThat(proven).hasSize(20).allSatisfy(access -> {
            assertThat(access.id()).isEqualTo(id);
            assertThat(access.owner()).isEqualTo(alice);
        });
        assertThat(daytona.traffic().requests(Operation.GET_SANDBOX)).isEqualTo(before + 1);
    }

    @Test
    void aRememberedProofOpensTheSandboxToNobodyElse() {
        String id = createReady(alice);
        access(caller(alice), id);
        assertProblem(ProblemCode.SANDBOX_NOT_FOUND, () -> access(caller(bob), id));
        assertProblem(ProblemCode.FORBIDDEN, () -> access(new Caller(bob, Set.of(Caller.OPERATOR)), id));
    }

    @Test
    void thatASandboxIsNotThereIsNotRemembered() {
        assertProblem(
                ProblemCode.SANDBOX_NOT_FOUND,
                () -> access(caller(alice), UUID.randomUUID().toString()));
        int before = daytona.traffic().requests(Operation.GET_SANDBOX);
        assertProblem(ProblemCode.SANDBOX_NOT_FOUND, () -> access(caller(alice), "no_id"));
        assertThat(daytona.traffic().requests(Operation.GET_SANDBOX)).isEqualTo(before);
    }

    @Test
    void aToolboxThatDoesNotRunIsExplainedByTheSandboxBeingStopped() {
        String id = createReady(alice);
        SandboxAccess access = access(caller(alice), id);
        as(alice).post("/api/v1/sandboxes/{id}/stop", id).then().statusCode(202);
        awaitStatus(alice, id, "stopped");
        assertProblem(ProblemCode.SANDBOX_NOT_READY, () -> homeDirectory(access));
    }

    @Test
    void aToolboxThatRefusesIsExplainedByTheSandboxBeingGone() {
        String id = createReady(alice);
        SandboxAccess access = access(caller(alice), id);
        as(alice).delete("/api/v1/sandboxes/{id}", id).then().statusCode(204);
        awaitGone(alice, id);
        assertProblem(ProblemCode.SANDBOX_NOT_FOUND, () -> homeDirectory(access));
        assertProblem(ProblemCode.SANDBOX_NOT_FOUND, () -> access(caller(alice), id));
    }

    @Test
    void otherFailuresNeedNoExplanation() {
        IllegalStateException failure = new IllegalStateException("something else");
        assertThatThrownBy(() -> sandboxes.explain("whatever", failure).await().atMost(Duration.ofSeconds(5)))
                .isSameAs(failure);
    }

    private String homeDirectory(SandboxAccess access) {
        return access.toolbox()
                .homeDirectory()
                .onFailure()
                .recoverWithUni(failure -> sandboxes.explain(access.id(), failure))
                .await()
                .atMost(Duration.ofSeconds(10));
    }

    private SandboxAccess access(Caller caller, String id) {
        return sandboxes.access(caller, id).await().atMost(Duration.ofSeconds(10));
    }

    private static Caller caller(String userId) {
        return new Caller(userId, Set.of());
    }

    private static void assertProblem(ProblemCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        ProblemException.class,
                        problem -> assertThat(problem.code()).isEqualTo(code));
    }
}
