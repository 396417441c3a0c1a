package dev.omni.sandbox;

import static dev.omni.TestUsers.as;
import static dev.omni.sandbox.Users.awaitGone;
import static dev.omni.sandbox.Users.awaitStatus;
import static dev.omni.sandbox.Users.createReady;
import static dev.omni.sandbox.Users.createSandbox;
import static dev.omni.sandbox.Users.somebody;
import static org.hamcrest.Matchers.anEmptyMap;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.endsWith;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;
import static org.hamcrest.Matchers.oneOf;
import static org.hamcrest.Matchers.startsWith;

import dev.omni.daytona.local.Fault;
import dev.omni.daytona.local.LocalDaytona;
import dev.omni.daytona.local.Operation;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
class SandboxLifecycleTest {
    @Inject
    LocalDaytona daytona;

    @AfterEach
    void nothingIsBroken() {
        daytona.faults().clear();
    }

    @Test
    void aSandboxIsCreatedStoppedStartedAndDeleted() {
        String user = somebody();
        String id = as(user).header("Prefer", "wait=30")
                .body("{\"name\": \"lab\", \"labels\": {\"project\": \"q3\"}}")
                .post("/api/v1/sandboxes")
                .then()
                .statusCode(201)
                .header("Preference-Applied", "wait=30")
                .body("name", equalTo("lab"))
                .body("status", equalTo("ready"))
                .body("labels", equalTo(Map.of("project", "q3")))
                .body("resources.cpu", notNullValue())
                .body("idle.stopAfterMinutes", equalTo(15))
                .body("idle.archiveAfterMinutes", equalTo(10_080))
                .body("idle.deleteAfterMinutes", equalTo(43_200))
                .body("createdAt", endsWith("Z"))
                .body("error", nullValue())
                .extract()
                .path("id");

        as(user).post("/api/v1/sandboxes/{id}/stop", id)
                .then()
                .statusCode(202)
                .body("id", equalTo(id))
                .body("status", is(oneOf("stopping", "stopped")));
        awaitStatus(user, id, "stopped");
        as(user).post("/api/v1/sandboxes/{id}/stop", id).then().statusCode(202).body("status", equalTo("stopped"));

        as(user).post("/api/v1/sandboxes/{id}/start", id)
                .then()
                .statusCode(202)
                .body("status", is(oneOf("creating", "ready")));
        awaitStatus(user, id, "ready");
        as(user).post("/api/v1/sandboxes/{id}/start", id).then().statusCode(202).body("status", equalTo("ready"));

        as(user).delete("/api/v1/sandboxes/{id}", id).then().statusCode(204);
        awaitGone(user, id);
        as(user).delete("/api/v1/sandboxes/{id}", id).then().statusCode(204);
    }

    @Test
    void creatingIsAnsweredWithWhereTheSandboxIs() {
        String user = somebody();
        var created = createSandbox(user, "{}").statusCode(201);
        String id = created.extract().path("id");
        created.header("Location", endsWith("/api/v1/sandboxes/" + id))
                .body("name", startsWith("omni-test-"))
                .body("labels", anEmptyMap());
        as(user).get(created.extract().header("Location"))
                .then()
                .statusCode(200)
                .body("id", equalTo(id));
    }

    @Test
    void aSandboxThatIsStillBeingCreatedCanBeDeleted() {
        String user = somebody();
        String id = createSandbox(user, "{}").statusCode(201).extract().path("id");
        as(user).delete("/api/v1/sandboxes/{id}", id).then().statusCode(204);
        awaitGone(user, id);
    }

    @Test
    void aSandboxThatFailsToStartSaysSoInOurOwnWords() {
        daytona.faults().on(Operation.CREATE_SANDBOX).once(Fault.failedStart("runner-7.internal: no space left"));
        String user = somebody();
        String id = createSandbox(user, "{}")
                .statusCode(201)
                .body("status", equalTo("error"))
                .body("error.code", equalTo("sandbox_failed"))
                .body("error.message", not(containsString("runner")))
                .extract()
                .path("id");
        as(user).post("/api/v1/sandboxes/{id}/start", id)
                .then()
                .statusCode(409)
                .body("code", equalTo("sandbox_not_ready"));
        as(user).delete("/api/v1/sandboxes/{id}", id).then().statusCode(204);
    }

    @Test
    void aStoppedSandboxIsDeletedToo() {
        String user = somebody();
        String id = createReady(user);
        as(user).post("/api/v1/sandboxes/{id}/stop", id).then().statusCode(202);
        // Daytona deletes nothing that is still stopping: the call waits for that.
        as(user).delete("/api/v1/sandboxes/{id}", id).then().statusCode(204);
        awaitGone(user, id);
    }

    @Test
    void aStoppedSandboxIsArchivedAndStartedFromThere() {
        String user = somebody();
        String id = createReady(user);
        as(user).post("/api/v1/sandboxes/{id}/archive", id)
                .then()
                .statusCode(409)
                .body("code", equalTo("sandbox_not_ready"));
        as(user).post("/api/v1/sandboxes/{id}/stop", id).then().statusCode(202);
        awaitStatus(user, id, "stopped");

        as(user).post("/api/v1/sandboxes/{id}/archive", id).then().statusCode(202);
        awaitStatus(user, id, "archived");
        as(user).post("/api/v1/sandboxes/{id}/archive", id).then().statusCode(202);
        as(user).post("/api/v1/sandboxes/{id}/start", id).then().statusCode(202);
        awaitStatus(user, id, "ready");
    }

    @Test
    void whatAChangeDoesNotNameStaysAsItIs() {
        String user = somebody();
        String id = createSandbox(user, "{\"name\": \"lab\", \"labels\": {\"a\": \"1\", \"b\": \"2\"}}")
                .statusCode(201)
                .extract()
                .path("id");
        as(user).body("{\"labels\": {\"b\": \"3\"}}")
                .patch("/api/v1/sandboxes/{id}", id)
                .then()
                .statusCode(200)
                .body("name", equalTo("lab"))
                .body("labels", equalTo(Map.of("b", "3")))
                .body("idle.stopAfterMinutes", equalTo(15));
        as(user).body("{\"idle\": {\"stopAfterMinutes\": 60, \"deleteAfterMinutes\": 0}}")
                .patch("/api/v1/sandboxes/{id}", id)
                .then()
                .statusCode(200)
                .body("labels", equalTo(Map.of("b", "3")))
                .body("idle.stopAfterMinutes", equalTo(60))
                .body("idle.archiveAfterMinutes", equalTo(10_080))
                .body("idle.deleteAfterMinutes", equalTo(0));
    }

    @Test
    void aChangeIsHeldToTheSameRulesAsARequest() {
        String user = somebody();
        String id = createSandbox(user, "{}").statusCode(201).extract().path("id");
        for (String[] wrong : new String[][] {
            {"{\"labels\": {\"omni.owner\": \"bob\"}}", "labels"},
            {"{\"idle\": {\"stopAfterMinutes\": 100000}}", "idle.stopAfterMinutes"},
            {"{\"idle\": {\"deleteAfterMinutes\": -1}}", "idle.deleteAfterMinutes"}
        }) {
            as(user).body(wrong[0])
                    .patch("/api/v1/sandboxes/{id}", id)
                    .then()
                    .statusCode(400)
                    .body("violations[0].field", startsWith(wrong[1]));
        }
        as(user).body("{\"name\": \"other\"}")
                .patch("/api/v1/sandboxes/{id}", id)
                .then()
                .statusCode(400)
                .body("code", equalTo("unknown_field"));
        as(somebody())
                .body("{\"labels\": {}}")
                .patch("/api/v1/sandboxes/{id}", id)
                .then()
                .statusCode(404)
                .body("code", equalTo("sandbox_not_found"));
    }
}
