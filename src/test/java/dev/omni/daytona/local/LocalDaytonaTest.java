package dev.omni.daytona.local;

import static dev.omni.daytona.local.Wired.object;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.local.Wired.Box;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The control plane. */
class LocalDaytonaTest {
    private static Vertx vertx;
    private static LocalDaytona daytona;
    private static Wired wired;

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
        daytona = LocalDaytona.start(
                vertx,
                new LocalDaytonaOptions()
                        .startDelay(Duration.ofMillis(150))
                        .snapshotDelay(Duration.ofMillis(200))
                        .activityCheck(Duration.ofMillis(50))
                        .minute(Duration.ofMillis(400)));
        wired = new Wired(daytona);
    }

    @AfterAll
    static void stop() {
        daytona.close();
        vertx.close();
    }

    private static String unique(String prefix) {
        return prefix + "-" + UUID.randomUUID();
    }

    @Test
    void aKeyLooksLikeDaytonasAndIsTheOnlyOneAccepted() throws Exception {
        assertThat(daytona.apiKey()).matches("dtn_[0-9a-f]{64}");

        HttpResponse<String> refused =
                wired.send(wired.request("/api/sandbox").setHeader("Authorization", "Bearer dtn_other"));

        assertThat(refused.statusCode()).isEqualTo(401);
        JsonObject body = object(refused);
        assertThat(body.fieldNames()).containsExactlyInAnyOrder("path", "timestamp", "statusCode", "error", "message");
        assertThat(body.getString("message")).isEqualTo("Invalid credentials");
        assertThat(body.getString("error")).isEqualTo("Unauthorized");
    }

    @Test
    void aNewSandboxIsCreatingFirstAndStartedLater() throws Exception {
        JsonObject created = object(wired.post("/api/sandbox", new JsonObject()));

        assertThat(created.getString("state")).isEqualTo("creating");
        assertThat(created.getString("name")).isEqualTo(created.getString("id"));
        assertThat(created.getString("toolboxProxyUrl"))
                .isEqualTo(wired.uri("/toolbox").toString());
        assertThat(created.containsKey("errorReason")).isFalse();
        JsonObject next = object(wired.get("/api/sandbox/" + created.getString("id")));
        assertThat(next.getString("state")).isEqualTo("creating");
        assertThat(next.containsKey("errorReason")).isTrue();
        assertThat(next.getValue("errorReason")).isNull();
        wired.awaitState(created.getString("id"), "started");
    }

    @Test
    void aNameIsTakenOnceAndFindsItsSandbox() throws Exception {
        String name = unique("box");
        Box box = wired.started(new JsonObject().put("name", name));

        assertThat(object(wired.get("/api/sandbox/" + name)).getString("id")).isEqualTo(box.id());
        HttpResponse<String> again = wired.post("/api/sandbox", new JsonObject().put("name", name));
        assertThat(again.statusCode()).isEqualTo(409);
        assertThat(object(again).getString("message")).isEqualTo("Sandbox with name " + name + " already exists");
    }

    @Test
    void anUnknownSandboxIs404() throws Exception {
        HttpResponse<String> response = wired.get("/api/sandbox/nobody");

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(object(response).getString("message")).isEqualTo("Sandbox with ID or name nobody not found");
    }

    @Test
    void malformedJsonHasAShapeOfItsOwn() throws Exception {
        HttpResponse<String> response = wired.send(wired.request("/api/sandbox").POST(BodyPublishers.ofString("{")));

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(object(response).fieldNames()).containsExactlyInAnyOrder("statusCode", "message", "error");
    }

    @Test
    void listsAreFilteredByLabelsAndStatesAndComeInPages() throws Exception {
        String owner = unique("owner");
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            JsonObject labels = new JsonObject().put("owner", owner).put("n", Integer.toString(i));
            ids.add(object(wired.post("/api/sandbox", new JsonObject().put("labels", labels)))
                    .getString("id"));
        }
        String labels = URLEncoder.encode(new JsonObject().put("owner", owner).encode(), StandardCharsets.UTF_8);

        JsonObject first = object(wired.get("/api/sandbox?limit=2&sort=createdAt&labels=" + labels));
        JsonObject second = object(wired.get(
                "/api/sandbox?limit=2&sort=createdAt&labels=" + labels + "&cursor=" + first.getString("nextCursor")));

        List<String> listed = new ArrayList<>();
        first.getJsonArray("items").forEach(item -> listed.add(((JsonObject) item).getString("id")));
        second.getJsonArray("items").forEach(item -> listed.add(((JsonObject) item).getString("id")));
        assertThat(listed).containsExactly(ids.get(2), ids.get(1), ids.get(0));
        assertThat(second.getString("nextCursor")).isNull();
        assertThat(first.getJsonArray("items").getJsonObject(0).containsKey("env"))
                .isFalse();
        JsonObject none = object(wired.get("/api/sandbox?states=stopped&states=archived&labels=" + labels));
        assertThat(none.getJsonArray("items")).isEqualTo(new JsonArray());
        assertThat(wired.get("/api/sandbox?states=destroyed").statusCode()).isEqualTo(400);
        assertThat(wired.get("/api/sandbox?limit=201").statusCode()).isEqualTo(400);
        assertThat(object(wired.get("/api/sandbox?labels=%7B")).getString("message"))
                .isEqualTo("Invalid labels JSON format");
    }

    @Test
    void deletingABusySandboxConflicts() throws Exception {
        String id = object(wired.post("/api/sandbox", new JsonObject())).getString("id");

        assertThat(wired.delete("/api/sandbox/" + id).statusCode()).isEqualTo(409);

        wired.awaitState(id, "started");
        assertThat(wired.delete("/api/sandbox/" + id).statusCode()).isEqualTo(200);
        assertThat(wired.delete("/api/sandbox/" + id).statusCode()).isEqualTo(409);
        wired.awaitGone(id);
        assertThat(wired.delete("/api/sandbox/" + id).statusCode()).isEqualTo(404);
    }

    @Test
    void aDeletedSandboxFreesItsNameAtOnce() throws Exception {
        String name = unique("box");
        Box box = wired.started(new JsonObject().put("name", name));

        wired.delete("/api/sandbox/" + box.id());

        assertThat(wired.get("/api/sandbox/" + name).statusCode()).isEqualTo(404);
        HttpResponse<String> byId = wired.get("/api/sandbox/" + box.id());
        if (byId.statusCode() == 200) {
            assertThat(object(byId).getString("name")).startsWith("DESTROYED_" + name + "_");
            assertThat(object(byId).getString("state")).isEqualTo("destroying");
        }
        assertThat(wired.post("/api/sandbox", new JsonObject().put("name", name))
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void stoppingIsForStartedSandboxesAndStartingForStoppedOnes() throws Exception {
        Box box = wired.started();
        String path = "/api/sandbox/" + box.id();

        assertThat(wired.post(path + "/start").statusCode()).isEqualTo(200);
        assertThat(object(wired.post(path + "/stop?force=false")).getString("state"))
                .isEqualTo("stopping");
        assertThat(wired.post(path + "/stop").statusCode()).isEqualTo(409);
        assertThat(wired.post(path + "/start").statusCode()).isEqualTo(409);
        wired.awaitState(box.id(), "stopped");
        HttpResponse<String> again = wired.post(path + "/stop");
        assertThat(again.statusCode()).isEqualTo(400);
        assertThat(object(again).getString("message")).isEqualTo("Sandbox is not in a stoppable state");
        assertThat(object(again).getString("path")).isEqualTo(path + "/stop");

        assertThat(object(wired.post(path + "/start")).getString("state")).isEqualTo("started");
    }

    @Test
    void everyStartHasANewPreviewToken() throws Exception {
        Box box = wired.started();
        String path = "/api/sandbox/" + box.id();
        JsonObject before = object(wired.get(path + "/ports/3000/preview-url"));

        wired.post(path + "/stop");
        wired.awaitState(box.id(), "stopped");
        wired.post(path + "/start");

        JsonObject after = object(wired.get(path + "/ports/3000/preview-url"));
        assertThat(after.getString("token")).isNotEqualTo(before.getString("token"));
        assertThat(after.getString("url")).isEqualTo(before.getString("url")).contains("3000-" + box.id());
        HttpResponse<String> toolbox = wired.send(wired.request(box.toolbox("/version"))
                .setHeader("Authorization", "Bearer none")
                .header("X-Daytona-Preview-Token", after.getString("token")));
        assertThat(toolbox.statusCode()).isEqualTo(200);
        assertThat(wired.get(path + "/ports/0/preview-url").statusCode()).isEqualTo(400);
        JsonObject signed = object(wired.get(path + "/ports/3000/signed-preview-url?expiresInSeconds=10"));
        assertThat(signed.getString("token")).matches("[a-z]{16}");
        assertThat(signed.getString("url")).contains("3000-" + signed.getString("token"));
        assertThat(wired.get(path + "/ports/3000/signed-preview-url?expiresInSeconds=0")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void anArchivedSandboxHasNoRunnerUntilItIsRestored() throws Exception {
        Box box = wired.started();
        String path = "/api/sandbox/" + box.id();
        box.execute("echo kept > ~/file");
        assertThat(wired.post(path + "/archive").statusCode()).isEqualTo(400);
        wired.post(path + "/stop");
        wired.awaitState(box.id(), "stopped");

        assertThat(object(wired.post(path + "/archive")).getString("state")).isEqualTo("archiving");
        wired.awaitState(box.id(), "archived");
        HttpResponse<String> toolbox = wired.get(box.toolbox("/version"));
        assertThat(toolbox.statusCode()).isEqualTo(400);
        assertThat(object(toolbox).getString("message")).contains("does not have a runner");

        assertThat(object(wired.post(path + "/start")).getString("state")).isEqualTo("archived");
        wired.awaitState(box.id(), "started");
        assertThat(box.execute("cat ~/file").getString("result")).isEqualTo("kept\n");
    }

    @Test
    void aStoppedSandboxsToolboxAnswers400AndAnUnknownOnes401() throws Exception {
        Box box = wired.started();
        wired.post("/api/sandbox/" + box.id() + "/stop");
        wired.awaitState(box.id(), "stopped");

        HttpResponse<String> stopped = wired.get(box.toolbox("/version"));
        assertThat(stopped.statusCode()).isEqualTo(400);
        assertThat(object(stopped).getString("message")).endsWith("Is the Sandbox started?");
        assertThat(object(stopped).getString("code")).isEqualTo("BAD_REQUEST");
        HttpResponse<String> unknown = wired.get("/toolbox/" + UUID.randomUUID() + "/version");
        assertThat(unknown.statusCode()).isEqualTo(401);
        assertThat(object(unknown).getString("message"))
                .isEqualTo("unauthorized: authentication failed: Bearer token is invalid");
        assertThat(object(unknown).fieldNames())
                .containsExactlyInAnyOrder("statusCode", "message", "code", "timestamp", "path", "method");
    }

    @Test
    void labelsAreReplacedAndIntervalsChanged() throws Exception {
        Box box = wired.started(new JsonObject().put("labels", new JsonObject().put("a", "1")));
        String path = "/api/sandbox/" + box.id();

        JsonObject labels = new JsonObject().put("labels", new JsonObject().put("b", "2"));
        HttpResponse<String> replaced =
                wired.send(wired.request(path + "/labels").PUT(Wired.json(labels)));
        assertThat(object(replaced).getJsonObject("labels")).isEqualTo(new JsonObject().put("b", "2"));
        assertThat(object(replaced).getString("id")).isEqualTo(box.id());

        assertThat(wired.post(path + "/autostop/0").statusCode()).isEqualTo(201);
        assertThat(wired.post(path + "/autostop/-1").statusCode()).isEqualTo(400);
        assertThat(object(wired.post(path + "/autoarchive/0")).getInteger("autoArchiveInterval"))
                .isEqualTo(43_200);
        assertThat(object(wired.post(path + "/autodelete/5")).getInteger("autoDeleteInterval"))
                .isEqualTo(5);
        assertThat(wired.post(path + "/network-settings", new JsonObject()).statusCode())
                .isEqualTo(400);
        JsonObject network =
                object(wired.post(path + "/network-settings", new JsonObject().put("networkAllowList", "10.0.0.0/8")));
        assertThat(network.getString("networkAllowList")).isEqualTo("10.0.0.0/8");
        assertThat(wired.post(path + "/last-activity").statusCode()).isEqualTo(201);
    }

    @Test
    void anIdleSandboxStopsByItself() throws Exception {
        Box box = wired.started(new JsonObject().put("autoStopInterval", 1));

        wired.awaitState(box.id(), "stopped");
    }

    @Test
    void anOpenFollowKeepsASandboxAliveAndARunningCommandDoesNot()
            throws IOException, InterruptedException, ExecutionException, TimeoutException {
        Box watched = wired.started(new JsonObject().put("autoStopInterval", 1));
        Box unwatched = wired.started(new JsonObject().put("autoStopInterval", 1));
        watched.session("s");
        unwatched.session("s");
        String command = watched.exec("s", "sleep 60");
        unwatched.exec("s", "sleep 60");

        Wired.Socket follow = watched.follow(command);

        wired.awaitState(unwatched.id(), "stopped");
        assertThat(object(wired.get("/api/sandbox/" + watched.id())).getString("state"))
                .isEqualTo("started");
        wired.post("/api/sandbox/" + watched.id() + "/stop");
        assertThat(follow.awaitClose()).isEqualTo(1006);
        await().until(() -> daytona.traffic().openFollows() == 0);
    }

    @Test
    void anEphemeralSandboxIsGoneWhenItStops() throws Exception {
        Box box = wired.started(new JsonObject().put("autoDeleteInterval", 0));

        assertThat(object(wired.post("/api/sandbox/" + box.id() + "/stop")).getString("state"))
                .isEqualTo("destroying");
        wired.awaitGone(box.id());
    }

    @Test
    void aSandboxNeedsAnActiveSnapshot() throws Exception {
        HttpResponse<String> missing = wired.post("/api/sandbox", new JsonObject().put("snapshot", "none"));

        assertThat(missing.statusCode()).isEqualTo(400);
        assertThat(object(missing).getString("message"))
                .isEqualTo("Snapshot none not found. Did you add it through the Daytona Dashboard?");
        assertThat(wired.post("/api/sandbox", new JsonObject().put("cpu", 2)).statusCode())
                .isEqualTo(400);
    }

    @Test
    void aSnapshotIsBuiltInStepsAndItsNameStaysTakenUntilItIsRemoved() throws Exception {
        String name = unique("snap");
        JsonObject request = new JsonObject().put("name", name).put("imageName", "debian:12");
        JsonObject created = object(wired.post("/api/snapshots", request));
        assertThat(created.getString("state")).isEqualTo("pending");
        assertThat(object(wired.post("/api/sandbox", new JsonObject().put("snapshot", name)))
                        .getString("message"))
                .isEqualTo("Snapshot " + name + " is pending");
        await().until(() -> object(wired.get("/api/snapshots/" + name)).getString("state"), "active"::equals);
        assertThat(wired.post("/api/snapshots", request).statusCode()).isEqualTo(409);

        assertThat(wired.delete("/api/snapshots/" + name).statusCode()).isEqualTo(400);
        HttpResponse<String> deleted = wired.delete("/api/snapshots/" + created.getString("id"));
        assertThat(deleted.statusCode()).isEqualTo(200);
        assertThat(deleted.body()).isEmpty();
        assertThat(wired.post("/api/snapshots", request).statusCode()).isEqualTo(409);
        await().until(() -> wired.get("/api/snapshots/" + name).statusCode() == 404);
        assertThat(wired.post("/api/snapshots", request).statusCode()).isEqualTo(200);
        assertThat(wired.post(
                                "/api/snapshots",
                                new JsonObject().put("name", unique("l")).put("imageName", "debian:latest"))
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void aFailedBuildSaysWhyAndItsLogStaysOpen() throws Exception {
        String name = unique("snap");
        JsonObject buildInfo = new JsonObject().put("dockerfileContent", "FROM debian:12\nRUN exit 3\n");
        String id = object(wired.post(
                        "/api/snapshots", new JsonObject().put("name", name).put("buildInfo", buildInfo)))
                .getString("id");
        await().until(() -> object(wired.get("/api/snapshots/" + name)).getString("state"), "build_failed"::equals);
        assertThat(object(wired.get("/api/snapshots/" + name)).getString("errorReason"))
                .contains("RUN exit 3");

        String url =
                object(wired.get("/api/snapshots/" + id + "/build-logs-url")).getString("url");
        String path = url.substring(wired.uri("").toString().length());
        assertThat(wired.get(path).body()).isEqualTo("Step 1/2 : FROM debian:12\nStep 2/2 : RUN exit 3\n");
        var follow = wired.sendAsync(wired.request(path + "?follow=true"));
        await().during(Duration.ofMillis(1500)).until(() -> !follow.isDone());
        follow.cancel(true);
    }

    @Test
    void unknownRoutesAre404() throws Exception {
        assertThat(object(wired.get("/api/nothing")).getString("message")).isEqualTo("Cannot GET /api/nothing");
        Box box = wired.started();
        HttpResponse<String> toolbox = wired.get(box.toolbox("/nothing"));
        assertThat(toolbox.statusCode()).isEqualTo(404);
        assertThat(toolbox.body()).isEqualTo("404 page not found");
    }
}
