package dev.omni.daytona.local;

import static dev.omni.daytona.local.Wired.object;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.local.Wired.Box;
import dev.omni.daytona.local.Wired.Socket;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Following a command's log. */
class LocalFollowTest {
    private static Vertx vertx;
    private static LocalDaytona daytona;
    private static Wired wired;
    private static Box box;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        vertx = Vertx.vertx();
        daytona = LocalDaytona.start(vertx, new LocalDaytonaOptions().startDelay(Duration.ofMillis(10)));
        wired = new Wired(daytona);
        box = wired.started();
    }

    @AfterEach
    void noFaults() {
        daytona.faults().clear();
    }

    @AfterAll
    static void stop() {
        daytona.close();
        vertx.close();
    }

    @Test
    void aFollowReplaysFromTheFirstByteGoesOnLiveAndCloses1000() throws Exception {
        box.session("live");
        String command = box.exec("live", "echo one; while [ ! -e /tmp/live ]; do sleep 0.02; done; echo two >&2");
        await().until(() -> wired.get(command + "/logs").body().contains("one"));

        Socket follow = box.follow(command);
        follow.awaitText("\u0001\u0001\u0001one\n");
        box.execute("touch /tmp/live");
        follow.awaitText("\u0002\u0002\u0002two\n");
        long ended = System.nanoTime();

        assertThat(follow.awaitClose()).isEqualTo(1000);
        assertThat(Duration.ofNanos(System.nanoTime() - ended)).isGreaterThan(Duration.ofMillis(800));
        assertThat(follow.closeReason).isEmpty();
    }

    @Test
    void aFollowStreamCutsMarkersAndCharactersAnywhere() throws Exception {
        box.session("cuts");
        String command = box.exec("cuts", "for i in $(seq 4000); do echo \"häßlich ✓ $i\"; done");
        box.awaitExit(command);

        Socket follow = box.follow(command);
        follow.awaitClose();

        String log = object(wired.get(command + "/logs")).getString("output");
        assertThat(follow.text()).isEqualTo(log);
        assertThat(follow.frameSizes).allMatch(size -> size <= 1024);
        byte[] bytes = follow.bytes();
        int position = 0;
        boolean insideMarker = false;
        boolean insideCharacter = false;
        for (int size : follow.frameSizes) {
            position += size;
            if (position < bytes.length) {
                insideMarker |= bytes[position] == 1 && bytes[position - 1] == 1;
                insideCharacter |= (bytes[position] & 0xC0) == 0x80;
            }
        }
        assertThat(insideMarker).isTrue();
        assertThat(insideCharacter).isTrue();
    }

    @Test
    void withoutTheVersionTheMarkersAreGone() throws Exception {
        box.session("old");
        String command = box.exec("old", "echo plain; echo text");
        box.awaitExit(command);

        Socket follow = wired.open(command + "/logs?follow=true");
        follow.awaitClose();
        Socket asSubprotocol = wired.open(command + "/logs", "Sec-WebSocket-Protocol", "X-Daytona-SDK-Version~0.190.0");
        asSubprotocol.awaitClose();
        HttpResponse<String> overHttp = wired.get(command + "/logs?follow=true");

        assertThat(follow.text()).isEqualTo("plain\ntext\n");
        assertThat(asSubprotocol.text()).isEqualTo("\u0001\u0001\u0001plain\n\u0001\u0001\u0001text\n");
        assertThat(overHttp.body()).isEqualTo("plain\ntext\n");
    }

    @Test
    void linesAreLabelledWholeWithoutNulAndWithANewlineAtTheEnd() throws Exception {
        box.session("lines");
        String command = box.exec("lines", "printf 'a\\0b\\n\\n  c\\\\'; printf '\\377' >&2");
        box.awaitExit(command);
        Socket follow = box.follow(command);
        follow.awaitClose();

        String log = new String(follow.bytes(), StandardCharsets.ISO_8859_1);
        assertThat(log).contains("\u0001\u0001\u0001ab\n").contains("\u0001\u0001\u0001\n");
        assertThat(log).contains("\u0001\u0001\u0001  c\\\n").contains("\u0002\u0002\u0002\u00ff\n");
    }

    @Test
    void anUnfinishedLineWaitsForItsEnd() throws Exception {
        box.session("prompt");
        String command = box.exec("prompt", "printf 'Name? '; while [ ! -e /tmp/name ]; do sleep 0.02; done; echo Jo");
        Socket follow = box.follow(command);

        await().during(Duration.ofMillis(300)).until(() -> follow.bytes().length == 0);
        box.execute("touch /tmp/name");
        follow.awaitText("\u0001\u0001\u0001Name? Jo\n");
    }

    @Test
    void aHugeLineIsOneLineWhateverTheOtherStreamSays() throws Exception {
        box.session("huge");
        String command = box.exec(
                "huge",
                "head -c 3000000 /dev/zero | tr '\\0' x; seq 20000 >&2; head -c 10 /dev/zero | tr '\\0' y; echo");
        assertThat(box.awaitExit(command)).isZero();

        JsonObject log = object(wired.get(command + "/logs"));

        assertThat(log.getString("stdout")).isEqualTo("x".repeat(3_000_000) + "y".repeat(10) + "\n");
        assertThat(log.getString("stderr").lines()).hasSize(20_000);
    }

    @Test
    void muchOutputIsLabelledAndFollowedFast() throws Exception {
        int lines = 400_000;
        box.session("fast");
        String command = box.exec("fast", "yes 0123456789012345678901234567890123456789012345678 | head -n " + lines);
        long start = System.nanoTime();

        Socket follow = box.follow(command);

        assertThat(follow.awaitClose()).isEqualTo(1000);
        byte[] bytes = follow.bytes();
        assertThat(bytes).hasSize(lines * 53);
        // 20 MB: a labeler at Daytona's own 2 MB/s would take 10 s.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(8));
        assertThat(Arrays.copyOfRange(bytes, bytes.length - 53, bytes.length)).startsWith(1, 1, 1, '0');
    }

    @Test
    void aDeadShellsFollowNeverCloses() throws Exception {
        box.session("dead");
        String command = box.exec("dead", "echo bye; exit 1");
        Socket follow = box.follow(command);
        follow.awaitText("bye");

        await().during(Duration.ofMillis(2500)).atMost(Duration.ofSeconds(5)).until(() -> !follow.closed.isDone());
        wired.delete(box.toolbox("/process/session/dead"));
        assertThat(follow.awaitClose()).isEqualTo(1000);
    }

    @Test
    void aStopCutsAFollowWithoutACloseFrame() throws Exception {
        Box other = wired.started();
        other.session("s");
        String command = other.exec("s", "echo hi; sleep 60");
        Socket follow = other.follow(command);
        follow.awaitText("hi");

        wired.post("/api/sandbox/" + other.id() + "/stop");

        assertThat(follow.awaitClose()).isEqualTo(1006);
    }

    @Test
    void aSlowReaderBlocksOnlyItself() throws Exception {
        box.session("slow");
        String command = box.exec("slow", "yes 0123456789 | head -n 1500000");
        Socket slow = new Socket();
        // Asks for nothing after the first frame.
        var stuck = wired.openSlow(command + "/logs?follow=true", slow);

        Socket fast = box.follow(command);

        assertThat(fast.awaitClose()).isEqualTo(1000);
        assertThat(fast.bytes()).hasSize(1_500_000 * 14);
        assertThat(slow.bytes().length).isLessThan(10_000);
        assertThat(slow.closed).isNotDone();
        stuck.abort();
    }

    @Test
    void aFollowOfAnUnknownCommandIsA404BeforeTheUpgrade() throws Exception {
        HttpResponse<String> response = wired.get(box.toolbox("/process/session/live/command/none/logs?follow=true"));

        assertThat(response.statusCode()).isEqualTo(404);
    }

    @Test
    void aFollowCanBeClosedDroppedOrStalledEarly() throws Exception {
        box.session("faulty");
        String command = box.exec("faulty", "seq 1000");
        box.awaitExit(command);
        Faults faults = daytona.faults();

        faults.on(Operation.FOLLOW_LOG).once(Fault.closedAfter(100));
        Socket closed = box.follow(command);
        assertThat(closed.awaitClose()).isEqualTo(1000);
        assertThat(closed.bytes()).hasSize(100);

        faults.on(Operation.FOLLOW_LOG, "/session/faulty/").once(Fault.droppedAfter(50));
        Socket dropped = box.follow(command);
        assertThat(dropped.awaitClose()).isEqualTo(1006);
        assertThat(dropped.bytes()).hasSize(50);

        faults.on(Operation.FOLLOW_LOG).once(Fault.stalledAfter(10));
        Socket stalled = box.follow(command);
        await().during(Duration.ofMillis(1500)).until(() -> !stalled.closed.isDone());
        assertThat(stalled.bytes()).hasSize(10);
        stalled.webSocket().abort();

        Socket whole = box.follow(command);
        assertThat(whole.awaitClose()).isEqualTo(1000);
        assertThat(whole.text().lines()).hasSize(1000);
    }
}
