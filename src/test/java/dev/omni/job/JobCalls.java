package dev.omni.job;

import static dev.omni.TestUsers.as;
import static org.awaitility.Awaitility.await;

import dev.omni.sandbox.Users;
import io.restassured.path.json.JsonPath;
import io.restassured.response.Response;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** The calls that tests of jobs make, as one user in one sandbox. */
public record JobCalls(String userId, String sandboxId) {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Set<String> FINAL = Set.of("succeeded", "failed", "cancelled", "timed_out", "lost");

    /** A user nobody has seen before, in a sandbox that is ready. */
    public static JobCalls ofSomebody() {
        String user = Users.somebody();
        return new JobCalls(user, Users.createReady(user));
    }

    public Response exec(Map<String, ?> body) {
        return as(userId).body(body).post("/api/v1/sandboxes/{id}/exec", sandboxId);
    }

    /** What a command that must succeed prints. */
    public String stdout(String command) {
        return exec(Map.of("command", command)).then().statusCode(200).extract().path("stdout");
    }

    public Response start(Map<String, ?> body) {
        return as(userId).body(body).post("/api/v1/sandboxes/{id}/jobs", sandboxId);
    }

    /** The id of a job that was accepted. */
    public String started(String command) {
        return started(Map.of("command", command));
    }

    public String started(Map<String, ?> body) {
        return start(body).then().statusCode(202).extract().path("id");
    }

    public String startedWith(String command, Map<String, ?> more) {
        Map<String, Object> body = new LinkedHashMap<>(more);
        body.put("command", command);
        return started(body);
    }

    public Response get(String jobId) {
        return as(userId).get("/api/v1/sandboxes/{id}/jobs/{job}", sandboxId, jobId);
    }

    public Response list() {
        return as(userId).get("/api/v1/sandboxes/{id}/jobs", sandboxId);
    }

    public Response output(String jobId, Map<String, ?> query) {
        return as(userId).queryParams(query).get("/api/v1/sandboxes/{id}/jobs/{job}/output", sandboxId, jobId);
    }

    public Response input(String jobId, String data) {
        return as(userId).body(Map.of("data", data)).post("/api/v1/sandboxes/{id}/jobs/{job}/input", sandboxId, jobId);
    }

    public Response cancel(String jobId) {
        return as(userId).post("/api/v1/sandboxes/{id}/jobs/{job}/cancel", sandboxId, jobId);
    }

    /** The job once it has ended. */
    public JsonPath ended(String jobId) {
        return await().atMost(PATIENCE)
                .until(
                        () -> get(jobId).then().statusCode(200).extract().jsonPath(),
                        job -> FINAL.contains(job.getString("status")));
    }

    /** Waits until the job has printed a text. */
    public void awaitOutput(String jobId, String text) {
        await().atMost(PATIENCE).until(() -> output(jobId, Map.of()).asString().contains(text));
    }
}
