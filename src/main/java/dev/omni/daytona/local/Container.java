package dev.omni.daytona.local;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The processes of a started sandbox, all children of one supervisor (see {@code supervisor.bash}), which is the only
 * process started from here. So they share one process namespace and can signal each other.
 */
final class Container implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Container.class);
    private static final int CLOSE_SECONDS = 2;

    private final Path directory;
    private final Confinement confinement;
    private final Process supervisor;
    private final Writer requests;
    private final Map<Integer, Launch> launches = new ConcurrentHashMap<>();
    private final AtomicInteger lastLaunch = new AtomicInteger();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private Container(Path directory, Confinement confinement, Process supervisor) {
        this.directory = directory;
        this.confinement = confinement;
        this.supervisor = supervisor;
        this.requests = supervisor.outputWriter(StandardCharsets.UTF_8);
    }

    /**
     * Boots a sandbox.
     *
     * @param starter starts the process, from a thread that lives as long as the sandboxes: bubblewrap dies with the
     *     thread that started it
     * @param pipes has a thread for everything that waits for a pipe
     */
    static Container boot(
            Path directory,
            Confinement confinement,
            Map<String, String> environment,
            ExecutorService starter,
            ExecutorService pipes)
            throws IOException, InterruptedException {
        Path control = directory.resolve("control");
        Trees.delete(control);
        Files.createDirectories(control);
        Files.createDirectories(directory.resolve("home"));
        Files.createDirectories(directory.resolve("tmp"));
        Resources.copy("supervisor.bash", control.resolve("supervisor.bash"));
        String inside = confinement.control(directory);
        ProcessBuilder builder = new ProcessBuilder(
                        confinement.command(directory, List.of("bash", inside + "/supervisor.bash", inside)))
                .directory(directory.resolve("home").toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        builder.environment().putAll(environment);
        Future<Process> process = starter.submit(builder::start);
        try {
            Container container = new Container(directory, confinement, process.get());
            pipes.execute(container::readEvents);
            return container;
        } catch (ExecutionException e) {
            throw new IOException("The sandbox's first process did not start", e.getCause());
        }
    }

    Path directory() {
        return directory;
    }

    Confinement confinement() {
        return confinement;
    }

    boolean isEnded() {
        return ended.isDone();
    }

    /** What is launched gets a directory; files for it are put there before {@link #launch}. */
    Launch prepare() throws IOException {
        int number = lastLaunch.incrementAndGet();
        Path path = directory.resolve("control").resolve(Integer.toString(number));
        Files.createDirectory(path);
        return new Launch(number, path, confinement.control(directory) + "/" + number);
    }

    /** Runs a bash script that ends in an exec; returns when the pipes are there. */
    void launch(Launch launch, String script) throws IOException, InterruptedException {
        Files.writeString(launch.path().resolve("run"), script);
        launches.put(launch.number(), launch);
        request("launch " + launch.number());
        if (isEnded()) {
            launch.exited(-1);
        }
        launch.awaitStart();
    }

    /** Signals what was launched and everything in its process group. */
    void signal(Launch launch, String signal) throws IOException {
        if (!launch.isOver()) {
            request("signal " + signal + " " + launch.processGroup());
        }
    }

    /** What was launched and all its descendants, as far as they run. */
    Collection<ProcessHandle> processes(Launch launch) {
        Optional<ProcessHandle> root = supervisor
                .descendants()
                .filter(process -> insideId(process) == launch.processGroup())
                .findFirst();
        return root.map(process ->
                        Stream.concat(Stream.of(process), process.descendants()).toList())
                .orElseGet(List::of);
    }

    @Override
    public void close() {
        try {
            if (confinement.isReal()) {
                supervisor.destroyForcibly();
            } else {
                // The supervisor kills the process groups; a process that made a group of its own outlives it.
                List<ProcessHandle> left = supervisor.descendants().toList();
                requests.close();
                if (!supervisor.waitFor(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                    supervisor.destroyForcibly();
                }
                left.forEach(ProcessHandle::destroyForcibly);
            }
            supervisor.waitFor(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (IOException e) {
            supervisor.destroyForcibly();
        } catch (InterruptedException e) {
            supervisor.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void request(String line) throws IOException {
        requests.write(line + "\n");
        requests.flush();
    }

    private void readEvents() {
        try (BufferedReader events = supervisor.inputReader(StandardCharsets.UTF_8)) {
            for (String line = events.readLine(); line != null; line = events.readLine()) {
                String[] words = line.split(" ", -1);
                int number = Integer.parseInt(words[1]);
                Launch launch = launches.get(number);
                if (launch == null) {
                    continue;
                }
                if (words[0].equals("started")) {
                    launch.started(Long.parseLong(words[2]));
                } else {
                    launches.remove(number);
                    launch.exited(Integer.parseInt(words[2]));
                }
            }
        } catch (IOException e) {
            LOG.debugf(e, "The events of %s ended", directory);
        } finally {
            ended.complete(null);
            launches.values().forEach(launch -> launch.exited(-1));
        }
    }

    /** A process's id in its own namespace. */
    private long insideId(ProcessHandle process) {
        if (!confinement.isReal()) {
            return process.pid();
        }
        try {
            // Read at once: a process may end in the middle, which a stream of lines reports in its own way.
            return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                    .filter(line -> line.startsWith("NSpid:"))
                    .map(line -> line.substring(line.lastIndexOf('\t') + 1).trim())
                    .mapToLong(Long::parseLong)
                    .findFirst()
                    .orElse(-1);
        } catch (IOException e) {
            return -1; // It has ended.
        }
    }
}
