package dev.omni.soak;

import static io.restassured.RestAssured.given;

import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.net.URI;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.function.Supplier;

/** A user with a sandbox, who starts jobs in it. */
final class Owner {
    /** What one call may write, by the limit on a command's stdin; a multiple of three, for base64. */
    private static final int PIECE = 360 * 1024;

    private final Supplier<String> tokens;
    private final String sandboxId;

    /** Makes the sandbox. */
    Owner(Supplier<String> tokens, URI service) {
        this.tokens = tokens;
        this.sandboxId = request()
                .header("Prefer", "wait=60")
                .put(service.resolve("/api/v1/sandboxes/default"))
                .then()
                .statusCode(201)
                .extract()
                .path("id");
    }

    JobAddress start(URI service, Script script) {
        return start(service, prepare(service, script));
    }

    /** Writes down in the sandbox what the script prints, and gives the command that prints it. */
    String prepare(URI service, Script script) {
        String file = "printed-" + System.nanoTime();
        byte[] data = script.data();
        for (int from = 0; from < data.length; from += PIECE) {
            byte[] piece = Arrays.copyOfRange(data, from, Math.min(data.length, from + PIECE));
            Response written = request()
                    .body(Map.of(
                            "command",
                            "base64 -d >>" + file,
                            "stdin",
                            Base64.getEncoder().encodeToString(piece)))
                    .post(service.resolve("/api/v1/sandboxes/" + sandboxId + "/exec"));
            written.then().statusCode(200);
            if (written.<Integer>path("exitCode") != 0) {
                throw new AssertionError(written.asString());
            }
        }
        return "touch " + file + "\n" + script.command(file);
    }

    JobAddress start(URI service, String command) {
        String jobId = request()
                .body(Map.of("command", command, "stdin", "open"))
                .post(service.resolve("/api/v1/sandboxes/" + sandboxId + "/jobs"))
                .then()
                .statusCode(202)
                .extract()
                .path("id");
        return new JobAddress(sandboxId, jobId, tokens);
    }

    /** Gives a job the line it waits for. */
    void goOn(URI service, JobAddress job) {
        request()
                .body(Map.of("data", "go on\n"))
                .post(service.resolve(job.path("/input")))
                .then()
                .statusCode(204);
    }

    private RequestSpecification request() {
        return given().auth().oauth2(tokens.get()).contentType(ContentType.JSON);
    }
}
