package dev.omni.sandbox;

import static dev.omni.TestUsers.as;
import static org.awaitility.Awaitility.await;

import io.restassured.response.ValidatableResponse;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/** Signed-in users, and the steps that tests of sandboxes share. */
public final class Users {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private Users() {}

    /** A user nobody has seen before. */
    public static String somebody() {
        return "user-" + UUID.randomUUID();
    }

    static ValidatableResponse createSandbox(String userId, String body) {
        return as(userId).body(body).post("/api/v1/sandboxes").then();
    }

    /** The id of a new sandbox that is ready. */
    public static String createReady(String userId) {
        return as(userId)
                .header("Prefer", "wait=30")
                .body("{}")
                .post("/api/v1/sandboxes")
                .then()
                .statusCode(201)
                .extract()
                .path("id");
    }

    public static String statusOf(String userId, String sandboxId) {
        return as(userId)
                .get("/api/v1/sandboxes/{id}", sandboxId)
                .then()
                .statusCode(200)
                .extract()
                .path("status");
    }

    public static void awaitStatus(String userId, String sandboxId, String status) {
        await().atMost(PATIENCE).until(() -> statusOf(userId, sandboxId), status::equals);
    }

    static void awaitGone(String userId, String sandboxId) {
        await().atMost(PATIENCE)
                .until(() -> as(userId).get("/api/v1/sandboxes/{id}", sandboxId).statusCode() == 404);
    }

    /** The ids of the user's sandboxes that are not being deleted, newest first. */
    static List<String> sandboxesOf(String userId) {
        return as(userId)
                .get("/api/v1/sandboxes")
                .then()
                .statusCode(200)
                .extract()
                .path("items.findAll { it.status != 'deleting' }.id");
    }
}
