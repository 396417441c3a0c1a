package dev.omni.daytona.local;

import static dev.omni.daytona.local.Wired.array;
import static dev.omni.daytona.local.Wired.object;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.local.Wired.Box;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Commands, in sessions and outside. */
class LocalSessionsTest {
    private static Vertx vertx;
    private static LocalDaytona daytona;
    private static Wired wired;
    private static Box box;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        vertx = Vertx.vertx();
        daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions().startDelay(Duration.ofMillis(10)));
        wired = new Wired(daytona);
        box = wired.started(new JsonObject().put("env", new JsonObject().put("GREETING", "it's me")));
    }

    @AfterAll
    static void stop() {
        daytona.close();
        vertx.close();
    }

    @Test
    void aShortCommandRunsWithTheSandboxsEnvironment() throws Exception {
        JsonObject result = box.execute("echo \"$GREETING $DAYTONA_SANDBOX_ID\"; echo oops >&2; pwd; exit 4");

        String home = object(wired.get(box.toolbox("/user-home-dir"))).getString("dir");
        assertThat(result.getString("result")).isEqualTo("it's me " + box.id() + "\noops\n" + home + "\n");
        assertThat(result.getInteger("exitCode")).isEqualTo(4);
    }

    @Test
    void aShortCommandTakesVariablesAndADirectory() throws Exception {
        JsonObject envs = new JsonObject().put("A", "x 'y' $z");
        JsonObject result = box.execute(new JsonObject()
                .put("command", "echo $A; pwd")
                .put("cwd", "/tmp")
                .put("envs", envs));

        assertThat(result.getString("result")).isEqualTo("x 'y' $z\n/tmp\n");
        HttpResponse<String> refused = wired.post(
                box.toolbox("/process/execute"),
                new JsonObject().put("command", "true").put("envs", new JsonObject().put("1A", "")));
        assertThat(refused.statusCode()).isEqualTo(400);
    }

    @Test
    void aProgramThatReadsStdinEatsTheRestOfTheCommand() throws Exception {
        assertThat(box.execute("head -c 4 >/dev/null\nabc\necho here; cat >/dev/null\necho eaten")
                        .getString("result"))
                .isEqualTo("here\n");
    }

    @Test
    void aShortCommandThatCannotStartOrIsKilledIsAnExitOfMinusOne() throws Exception {
        JsonObject noDirectory =
                box.execute(new JsonObject().put("command", "true").put("cwd", "/nowhere"));
        assertThat(noDirectory.getInteger("exitCode")).isEqualTo(-1);
        assertThat(noDirectory.getString("result")).contains("/nowhere");

        assertThat(box.execute("kill -9 $$").getInteger("exitCode")).isEqualTo(-1);
        assertThat(box.execute("sh -c 'kill -9 $$'").getInteger("exitCode")).isEqualTo(137);
    }

    @Test
    void aShortCommandThatTakesTooLongIsKilled() throws Exception {
        HttpResponse<String> response = wired.post(
                box.toolbox("/process/execute"),
                new JsonObject().put("command", "echo $$ > /tmp/slow; sleep 60").put("timeout", 1));

        assertThat(response.statusCode()).isEqualTo(408);
        assertThat(object(response).getString("code")).isEqualTo("REQUEST_TIMEOUT");
        await().until(() -> box.execute("kill -0 $(cat /tmp/slow)").getInteger("exitCode") != 0);
    }

    @Test
    void blankCommandsAndBadJsonAreRefused() throws Exception {
        assertThat(wired.post(box.toolbox("/process/execute"), new JsonObject().put("command", " "))
                        .statusCode())
                .isEqualTo(400);
        box.session("blank");
        HttpResponse<String> blank =
                wired.post(box.toolbox("/process/session/blank/exec"), new JsonObject().put("command", ""));
        assertThat(blank.statusCode()).isEqualTo(400);
        assertThat(blank.body()).isEmpty();
    }

    @Test
    void sessionsAreMadeOnceListedAndDeleted() throws Exception {
        HttpResponse<String> created =
                wired.post(box.toolbox("/process/session"), new JsonObject().put("sessionId", "once"));
        assertThat(created.statusCode()).isEqualTo(201);
        assertThat(created.body()).isEmpty();
        assertThat(wired.post(box.toolbox("/process/session"), new JsonObject().put("sessionId", "once"))
                        .statusCode())
                .isEqualTo(409);
        assertThat(wired.post(box.toolbox("/process/session"), new JsonObject()).statusCode())
                .isEqualTo(400);
        assertThat(array(wired.get(box.toolbox("/process/session"))).encode()).contains("\"once\"");

        assertThat(wired.delete(box.toolbox("/process/session/once")).statusCode())
                .isEqualTo(204);
        HttpResponse<String> gone = wired.get(box.toolbox("/process/session/once"));
        assertThat(gone.statusCode()).isEqualTo(404);
        assertThat(object(gone).getString("code")).isEqualTo("NOT_FOUND");
    }

    @Test
    void execInAnUnknownSessionIsAnUntypedError() throws Exception {
        HttpResponse<String> response =
                wired.post(box.toolbox("/process/session/nope/exec"), new JsonObject().put("command", "true"));

        assertThat(response.statusCode()).isEqualTo(500);
        JsonObject body = object(response);
        assertThat(body.getString("message")).isEqualTo("failed to execute command: not found: session not found");
        assertThat(body.getString("timestamp")).isEqualTo("0001-01-01T00:00:00Z");
        assertThat(body.containsKey("code")).isFalse();
    }

    @Test
    void aSynchronousCommandAnswersWithBothStreams() throws Exception {
        box.session("sync");

        JsonObject result = box.execSync("sync", "printf 'a\\nb'; echo oops >&2; cat; (exit 3)");

        assertThat(result.getInteger("exitCode")).isEqualTo(3);
        assertThat(result.getString("stdout")).isEqualTo("a\nb\n");
        assertThat(result.getString("stderr")).isEqualTo("oops\n");
        assertThat(result.getString("output"))
                .contains("\u0001\u0001\u0001a\n")
                .contains("\u0001\u0001\u0001b\n")
                .contains("\u0002\u0002\u0002oops\n");
    }

    @Test
    void aSessionKeepsItsDirectoryVariablesAndFunctions() throws Exception {
        box.session("state");
        box.execSync("state", "cd /tmp; export A=1; f() { echo \"f $1\"; }");

        assertThat(box.execSync("state", "pwd; echo $A; f 2").getString("stdout"))
                .isEqualTo("/tmp\n1\nf 2\n");
        assertThat(box.execSync("state", "return 7").getInteger("exitCode")).isEqualTo(7);
    }

    @Test
    void commandsOfASessionRunOneAfterTheOther() throws Exception {
        box.session("queue");
        String first = box.exec("queue", "echo one; while [ ! -e /tmp/go ]; do sleep 0.02; done");
        String second = box.exec("queue", "echo two");
        await().until(() -> wired.get(first + "/logs").body().contains("one"));

        assertThat(object(wired.get(second)).containsKey("exitCode")).isFalse();
        assertThat(object(wired.get(second + "/logs")).getString("output")).isEmpty();

        box.execute("touch /tmp/go");
        assertThat(box.awaitExit(second)).isZero();
        assertThat(box.awaitExit(first)).isZero();
        assertThat(object(wired.get(second + "/logs")).getString("stdout")).isEqualTo("two\n");
    }

    @Test
    void exitInACommandKillsTheSessionWithoutAnExitCode() throws Exception {
        box.session("fatal");
        String command = box.exec("fatal", "echo last words; exit 3");

        await().until(() -> wired.post(
                                box.toolbox("/process/session/fatal/exec"),
                                new JsonObject().put("command", "true").put("runAsync", true))
                        .statusCode()
                == 500);
        assertThat(object(wired.get(command + "/logs")).getString("stdout")).isEqualTo("last words\n");
        assertThat(object(wired.get(command)).containsKey("exitCode")).isFalse();
        assertThat(wired.delete(box.toolbox("/process/session/fatal")).statusCode())
                .isEqualTo(204);
    }

    @Test
    void aSubshellSurvivesExitAndABareWait() throws Exception {
        box.session("tough");

        assertThat(box.execSync("tough", "( sleep 0.05 & wait; set -e; exit 3 )")
                        .getInteger("exitCode"))
                .isEqualTo(3);
        assertThat(box.execSync("tough", "echo alive").getString("stdout")).isEqualTo("alive\n");
    }

    @Test
    void aChildInTheBackgroundDelaysTheEndUntilItClosesTheOutput() throws Exception {
        box.session("background");
        String open = box.exec("background", "( while [ ! -e /tmp/close ]; do sleep 0.02; done; echo late ) &");
        await().during(Duration.ofMillis(200))
                .until(() -> !object(wired.get(open)).containsKey("exitCode"));
        box.execute("touch /tmp/close");

        assertThat(box.awaitExit(open)).isZero();
        assertThat(object(wired.get(open + "/logs")).getString("stdout")).isEqualTo("late\n");
        assertThat(box.awaitExit(box.exec("background", "sleep 30 >/dev/null 2>&1 &")))
                .isZero();
    }

    @Test
    void inputReachesARunningCommandAndIsEchoed() throws Exception {
        box.session("input");
        String command = box.exec("input", "read -r line; echo \"got $line\"");

        await().until(() -> wired.post(command + "/input", new JsonObject().put("data", "hello"))
                        .statusCode()
                == 204);

        assertThat(box.awaitExit(command)).isZero();
        assertThat(object(wired.get(command + "/logs")).getString("stdout")).contains("hello\n", "got hello\n");
        assertThat(wired.post(command + "/input", new JsonObject().put("data", "late"))
                        .statusCode())
                .isEqualTo(410);
        assertThat(wired.post(command + "/input", new JsonObject().put("data", ""))
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void inputToACommandThatWaitsForItsTurnIsA500() throws Exception {
        box.session("waiting");
        box.exec("waiting", "while [ ! -e /tmp/turn ]; do sleep 0.02; done");
        String second = box.exec("waiting", "cat >/dev/null");

        HttpResponse<String> response = wired.post(second + "/input", new JsonObject().put("data", "x"));

        assertThat(response.statusCode()).isEqualTo(500);
        box.execute("touch /tmp/turn");
        wired.delete(box.toolbox("/process/session/waiting"));
    }

    @Test
    void logsComeInTheFormatOfTheClientsVersion() throws Exception {
        box.session("formats");
        String command = box.exec("formats", "echo out; echo err >&2");
        box.awaitExit(command);
        String path = command + "/logs";

        assertThat(object(wired.get(path)).getString("stderr")).isEqualTo("err\n");
        assertThat(wired.send(wired.request(path).setHeader("X-Daytona-SDK-Version", "0.150.0"))
                        .body())
                .contains("\u0001\u0001\u0001out\n");
        assertThat(wired.send(wired.request(path).setHeader("X-Daytona-SDK-Version", "0.26.0"))
                        .body())
                .doesNotContain("\u0001")
                .contains("out\n");
        HttpResponse<String> split = wired.send(
                wired.request(path).setHeader("X-Daytona-SDK-Version", "").header("X-Daytona-Split-Output", "true"));
        assertThat(split.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/plain");
        assertThat(split.body()).contains("\u0002\u0002\u0002err\n");
        assertThat(wired.get(command.substring(0, command.length() - 1) + "x/logs")
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void oneSandboxsCommandsCanSignalEachOther() throws Exception {
        box.session("victim");
        String command = box.exec("victim", "setsid sh -c 'echo $$ > /tmp/pid; exec sleep 60'; echo \"ended $?\"");
        await().until(() -> box.execute("kill -TERM -- -$(cat /tmp/pid)").getInteger("exitCode") == 0);

        assertThat(box.awaitExit(command)).isZero();
        assertThat(object(wired.get(command + "/logs")).getString("stdout")).isEqualTo("ended 143\n");
    }

    @Test
    void deletingASessionEndsWhatItRunsAndItsLog() throws Exception {
        box.session("doomed");
        String command = box.exec("doomed", "echo $BASHPID > /tmp/doomed; sleep 60");
        await().until(() -> box.execute("kill -0 $(cat /tmp/doomed)").getInteger("exitCode") == 0);

        assertThat(wired.delete(box.toolbox("/process/session/doomed")).statusCode())
                .isEqualTo(204);

        await().until(() -> box.execute("kill -0 $(cat /tmp/doomed)").getInteger("exitCode") != 0);
        assertThat(wired.get(command).statusCode()).isEqualTo(404);
        await().until(() -> box.execute("test -e ~/.daytona/sessions/doomed").getInteger("exitCode") == 1);
    }

    @Test
    void aStoppedSandboxForgetsItsSessions() throws Exception {
        Box other = wired.started();
        other.session("s");
        String command = other.exec("s", "echo hi > ~/kept; sleep 60");
        await().until(() -> other.execute("cat ~/kept").getInteger("exitCode") == 0);

        wired.post("/api/sandbox/" + other.id() + "/stop");
        wired.awaitState(other.id(), "stopped");
        wired.post("/api/sandbox/" + other.id() + "/start");

        assertThat(wired.get(command).statusCode()).isEqualTo(404);
        assertThat(array(wired.get(other.toolbox("/process/session")))).isEmpty();
        assertThat(other.execute("cat ~/kept").getString("result")).isEqualTo("hi\n");
        assertThat(other.execute("pgrep -x sleep").getInteger("exitCode")).isNotZero();
    }
}
