package dev.omni.daytona.local;

import static dev.omni.daytona.local.Wired.object;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.omni.daytona.local.Wired.Box;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands can reach, with bubblewrap and without. */
class LocalConfinementTest {
    private static Vertx vertx;

    @TempDir
    static Path directory;

    @BeforeAll
    static void start() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void stop() {
        vertx.close();
    }

    private static LocalDaytonaOptions options() {
        return new LocalDaytonaOptions().startDelay(Duration.ofMillis(10));
    }

    @Test
    void hostFilesCannotBeWritten() throws Exception {
        try (LocalDaytona daytona = LocalDaytona.start(vertx, options())) {
            assumeThat(daytona.isConfined()).as("bubblewrap works here").isTrue();
            Box box = new Wired(daytona).started();

            assertThat(box.execute("touch /usr/omni-test").getInteger("exitCode"))
                    .isNotZero();
            assertThat(box.execute("mount -o remount,rw / || umount /home").getInteger("exitCode"))
                    .isNotZero();
            assertThat(box.execute("touch ~/mine /tmp/mine").getInteger("exitCode"))
                    .isZero();
            assertThat(box.execute("pwd").getString("result")).isEqualTo("/home/daytona\n");
            assertThat(Path.of("/tmp/mine")).doesNotExist();
        }
    }

    @Test
    void homesProcessesAndOtherSandboxesCannotBeSeen() throws Exception {
        Path base = Files.createDirectory(directory.resolve("base"));
        try (LocalDaytona daytona = LocalDaytona.start(vertx, options().directory(base))) {
            assumeThat(daytona.isConfined()).as("bubblewrap works here").isTrue();
            Wired wired = new Wired(daytona);
            Box box = wired.started();
            Box other = wired.started();
            other.execute("echo secret > ~/secret");

            assertThat(box.execute("ls " + base).getInteger("exitCode")).isNotZero();
            assertThat(box.execute("ls /home").getString("result")).isEqualTo("daytona\n");
            assertThat(box.execute("ls -A " + System.getProperty("user.home")).getString("result"))
                    .isIn("", ".daytona\n");
            assertThat(box.execute("ps -A | wc -l").getString("result").strip()).hasSizeLessThan(3);
            assertThat(box.execute("env | cut -d= -f1 | sort")
                            .getString("result")
                            .lines())
                    .contains("DAYTONA_SANDBOX_ID", "DAYTONA_SANDBOX_USER", "HOME", "LANG", "PATH")
                    .doesNotContain("JAVA_HOME", "USER");
        }
        assertThat(base.resolve("sandboxes")).isDirectory();
    }

    @Test
    void stoppingKillsEverythingAlsoWithoutBubblewrap() throws Exception {
        try (LocalDaytona daytona = LocalDaytona.start(vertx, options().bubblewrap(false))) {
            assertThat(daytona.isConfined()).isFalse();
            Wired wired = new Wired(daytona);
            Box box = wired.started();
            String home = object(wired.get(box.toolbox("/user-home-dir"))).getString("dir");
            assertThat(Path.of(home)).isDirectory();
            box.session("s");
            box.exec("s", "echo $BASHPID > ~/pid; sleep 60");
            await().until(() -> Files.exists(Path.of(home, "pid"))
                    && !Files.readString(Path.of(home, "pid")).isBlank());
            long pid = Long.parseLong(Files.readString(Path.of(home, "pid")).strip());
            assertThat(box.execute("kill -0 " + pid).getInteger("exitCode")).isZero();

            wired.post("/api/sandbox/" + box.id() + "/stop");
            wired.awaitState(box.id(), "stopped");

            assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
        }
    }

    @Test
    void aTemporaryDirectoryIsDeletedAtClose() throws IOException, InterruptedException {
        Path home;
        try (LocalDaytona daytona = LocalDaytona.start(vertx, options().bubblewrap(false))) {
            Wired wired = new Wired(daytona);
            Box box = wired.started();
            home = Path.of(object(wired.get(box.toolbox("/user-home-dir"))).getString("dir"));
            assertThat(home).isDirectory();
        }
        assertThat(home).doesNotExist();
    }
}
