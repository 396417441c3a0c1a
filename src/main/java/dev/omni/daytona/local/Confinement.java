package dev.omni.daytona.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where a sandbox's commands see its directories, and how they are kept there.
 *
 * <p>With bubblewrap: the machine's file system read-only, only the sandbox's own home and /tmp writable, the homes of
 * the machine's users, the other sandboxes and /run (whose sockets are doors to the machine) not visible, and a process
 * namespace of its own. The network is the machine's. Without bubblewrap nothing is confined.
 */
final class Confinement {
    private static final String INSIDE_HOME = "/home/daytona";
    private static final String INSIDE_CONTROL = "/run/daytona/control";
    private static final String INSIDE_BIN = "/run/daytona/bin";
    /** A machine too slow for this is too slow for bubblewrap. */
    private static final int PROBE_SECONDS = 10;

    private final boolean bubblewrap;
    private final Path base;

    private Confinement(boolean bubblewrap, Path base) {
        this.bubblewrap = bubblewrap;
        this.base = base;
    }

    /** @param base the directory of all sandboxes, which none of them may see */
    static Confinement choose(boolean wanted, Path base) throws IOException, InterruptedException {
        return new Confinement(wanted && works(base), base);
    }

    boolean isReal() {
        return bubblewrap;
    }

    /** The sandbox user's home as its commands see it. */
    String home(Path directory) {
        return bubblewrap ? INSIDE_HOME : directory.resolve("home").toString();
    }

    /** The directory of what is launched, as commands see it. */
    String control(Path directory) {
        return bubblewrap ? INSIDE_CONTROL : directory.resolve("control").toString();
    }

    /** The directory of the stand-ins for programs, as commands see it. */
    String bin() {
        return bubblewrap ? INSIDE_BIN : base.resolve("bin").toString();
    }

    /** The directory behind /tmp. */
    Path tmp(Path directory) {
        return bubblewrap ? directory.resolve("tmp") : Path.of("/tmp");
    }

    List<String> command(Path directory, List<String> command) {
        if (!bubblewrap) {
            return command;
        }
        List<String> whole = new ArrayList<>(bubblewrapAround(base));
        whole.addAll(List.of("--bind", directory.resolve("home").toString(), INSIDE_HOME));
        whole.addAll(List.of("--bind", directory.resolve("tmp").toString(), "/tmp"));
        whole.addAll(List.of("--bind", directory.resolve("control").toString(), INSIDE_CONTROL));
        whole.addAll(List.of("--ro-bind", base.resolve("bin").toString(), INSIDE_BIN));
        whole.addAll(List.of("--chdir", INSIDE_HOME));
        whole.addAll(command);
        return whole;
    }

    /** Whether commands inside can see a program of the machine. */
    boolean shows(Path program) {
        return !bubblewrap || hidden(base).stream().noneMatch(program::startsWith);
    }

    private static boolean works(Path base) throws IOException, InterruptedException {
        if (onPath("bwrap") == null) {
            return false;
        }
        List<String> probe = new ArrayList<>(bubblewrapAround(base));
        probe.add("true");
        Process process = new ProcessBuilder(probe)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!process.waitFor(PROBE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return false;
        }
        return process.exitValue() == 0;
    }

    private static List<String> bubblewrapAround(Path base) {
        List<String> command = new ArrayList<>(List.of("bwrap", "--die-with-parent", "--new-session"));
        // The user namespace takes away what root could otherwise do to the read-only mounts.
        command.addAll(List.of("--unshare-user", "--unshare-pid", "--unshare-ipc", "--cap-drop", "ALL"));
        command.addAll(List.of("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"));
        for (Path path : hidden(base)) {
            command.addAll(List.of("--tmpfs", path.toString()));
        }
        // The name servers, on machines where /etc/resolv.conf is a link to here.
        command.addAll(List.of("--ro-bind-try", "/run/systemd/resolve", "/run/systemd/resolve"));
        return command;
    }

    private static Set<Path> hidden(Path base) {
        Set<Path> hidden = new TreeSet<>(List.of(Path.of("/home"), Path.of("/run"), Path.of("/tmp")));
        hidden.add(Path.of(System.getProperty("user.home")));
        hidden.add(base);
        for (Path path : List.copyOf(hidden)) {
            hidden.removeIf(other -> !other.equals(path) && other.startsWith(path));
        }
        hidden.removeIf(path -> !Files.isDirectory(path) || path.equals(Path.of("/")));
        return hidden;
    }

    static @Nullable Path onPath(String program) {
        for (String directory : System.getenv().getOrDefault("PATH", "").split(":", -1)) {
            Path candidate = Path.of(directory, program);
            if (Files.isExecutable(candidate)) {
                return candidate;
            }
        }
        return null;
    }
}
