package dev.omni.daytona.local;

import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A command outside any session. Its shell reads it on stdin, so a command that reads stdin eats what follows it. */
record Execution(String command, @Nullable String cwd, Map<String, Object> envs) {
    /** How long a child in the background that keeps stdout open can delay the answer. */
    private static final int STRAGGLER_SECONDS = 30;

    /** @param timeoutSeconds 0 for none */
    JsonObject run(Container container, Executor pipes, int timeoutSeconds) throws IOException, InterruptedException {
        Launch launch = container.prepare();
        try {
            Files.writeString(launch.path().resolve("script"), command + "\n");
            ByteArrayOutputStream output = new ByteArrayOutputStream();
            container.launch(launch, script(launch));
            NamedPipe stdout = NamedPipe.read(launch.out(), pipes, in -> in.transferTo(output));
            int code = await(container, launch, stdout, timeoutSeconds);
            return new JsonObject().put("exitCode", code).put("result", output.toString(StandardCharsets.UTF_8));
        } finally {
            launch.forget();
        }
    }

    private static int await(Container container, Launch launch, NamedPipe stdout, int timeoutSeconds)
            throws IOException, InterruptedException {
        try {
            int code = timeoutSeconds <= 0 ? launch.exit().get() : launch.exit().get(timeoutSeconds, TimeUnit.SECONDS);
            stdout.abandon();
            try {
                stdout.done().get(STRAGGLER_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                // Answered without what the straggler still writes.
            }
            return code;
        } catch (TimeoutException e) {
            container.signal(launch, "KILL");
            stdout.abandon();
            throw Refusal.typed(408, "request timeout: command execution timeout");
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    private String script(Launch launch) {
        String out = Quote.shell(launch.insidePath() + "/out");
        StringBuilder script = new StringBuilder("exec 3>" + out + "\n");
        envs.forEach((name, value) -> script.append("export ")
                .append(name)
                .append('=')
                .append(Quote.shell(String.valueOf(value)))
                .append('\n'));
        if (cwd != null && !cwd.isEmpty()) {
            // Writing to stderr makes it an exit with -1, as what failed to start has.
            script.append("cd -- %1$s 2>/dev/null || { echo %2$s >&3; echo failed >&2; exit 1; }%n"
                    .formatted(Quote.shell(cwd), Quote.shell("chdir " + cwd + ": no such file or directory")));
        }
        // Through a pipe: from a file, a program that reads ahead could give back what it did not need.
        return script.append("exec bash < <(exec cat ")
                .append(Quote.shell(launch.insidePath() + "/script"))
                .append(" 3>&-) >&3 2>&1 3>&-\n")
                .toString();
    }
}
