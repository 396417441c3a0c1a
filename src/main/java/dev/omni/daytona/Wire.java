package dev.omni.daytona;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Daytona's JSON. What it sends may lack anything and hold more than we know: every field is nullable here, and what we
 * cannot do without is checked when a record becomes one of ours.
 */
final class Wire {
    /** Reads leniently, whatever the mapper of our own API does, and sends no nulls: Daytona stores them. */
    static final ObjectMapper JSON = JsonMapper.builder()
            .addModule(new JavaTimeModule())
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
            .build();

    private Wire() {}

    record CreateSandbox(
            String name,
            @Nullable String snapshot,
            Map<String, String> env,
            Map<String, String> labels,
            @Nullable Integer cpu,
            @Nullable Integer memory,
            @Nullable Integer disk,
            @Nullable Integer autoStopInterval,
            @Nullable Integer autoArchiveInterval,
            @Nullable Integer autoDeleteInterval,
            @Nullable Boolean networkBlockAll,
            @Nullable String networkAllowList) {
        static CreateSandbox of(NewSandbox sandbox) {
            return new CreateSandbox(
                    sandbox.name(),
                    sandbox.snapshot(),
                    sandbox.env(),
                    sandbox.labels(),
                    sandbox.cpu(),
                    sandbox.memoryGiB(),
                    sandbox.diskGiB(),
                    sandbox.autoStopMinutes(),
                    sandbox.autoArchiveMinutes(),
                    sandbox.autoDeleteMinutes(),
                    sandbox.networkBlockAll() ? true : null,
                    sandbox.networkAllow().isEmpty() ? null : String.join(",", sandbox.networkAllow()));
        }
    }

    record Labels(Map<String, String> labels) {}

    record Sandbox(
            @Nullable String id,
            @Nullable String name,
            @Nullable String snapshot,
            @Nullable Map<String, @Nullable Object> labels,
            @Nullable String state,
            boolean recoverable,
            double cpu,
            double memory,
            double disk,
            int autoStopInterval,
            int autoArchiveInterval,
            @Nullable Integer autoDeleteInterval,
            @Nullable Instant createdAt,
            @Nullable Instant lastActivityAt,
            @Nullable URI toolboxProxyUrl) {
        private static final int NEVER = -1;

        RemoteSandbox toRemote() {
            String id = required(this.id, "sandbox.id");
            return new RemoteSandbox(
                    id,
                    Objects.requireNonNullElse(name, id),
                    snapshot,
                    texts(labels),
                    state(state),
                    recoverable,
                    cpu,
                    memory,
                    disk,
                    autoStopInterval,
                    autoArchiveInterval,
                    autoDeleteInterval == null ? NEVER : autoDeleteInterval,
                    required(createdAt, "sandbox.createdAt"),
                    lastActivityAt,
                    required(toolboxProxyUrl, "sandbox.toolboxProxyUrl"));
        }

        /** Daytona does not check the values of labels, so that other clients may have stored other things than text. */
        private static Map<String, String> texts(@Nullable Map<String, @Nullable Object> labels) {
            return labels == null
                    ? Map.of()
                    : labels.entrySet().stream()
                            .filter(label -> label.getValue() != null)
                            .collect(
                                    Collectors.toUnmodifiableMap(Map.Entry::getKey, l -> String.valueOf(l.getValue())));
        }

        private static RemoteState state(@Nullable String state) {
            try {
                return RemoteState.valueOf(String.valueOf(state).toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException notKnown) {
                return RemoteState.OTHER;
            }
        }
    }

    record SandboxPage(
            @Nullable List<Sandbox> items, @Nullable String nextCursor) {
        Page<RemoteSandbox> toPage() {
            return new Page<>(
                    required(items, "items").stream().map(Sandbox::toRemote).toList(),
                    nextCursor == null || nextCursor.isEmpty() ? null : nextCursor);
        }
    }

    record Directory(@Nullable String dir) {}

    record CreateSession(String sessionId) {}

    record SessionState(
            @Nullable String sessionId, @Nullable List<Command> commands) {
        Session toSession() {
            return new Session(
                    required(sessionId, "session.sessionId"),
                    commands == null
                            ? List.of()
                            : commands.stream().map(Command::toCommand).toList());
        }
    }

    record Command(
            @Nullable String id,
            @Nullable String command,
            @Nullable Integer exitCode) {
        Session.Command toCommand() {
            return new Session.Command(required(id, "command.id"), Objects.requireNonNullElse(command, ""), exitCode);
        }
    }

    /** Asynchronous always, and without the echo of its input, which would look like output. */
    record StartCommand(String command, boolean runAsync, boolean suppressInputEcho) {
        StartCommand(String command) {
            this(command, true, true);
        }
    }

    record CommandStarted(@Nullable String cmdId) {}

    record Input(String data) {}

    record Execute(String command, long timeout, Map<String, String> envs) {}

    record Executed(@Nullable Integer exitCode, @Nullable String result) {
        Toolbox.Execution toExecution() {
            return new Toolbox.Execution(required(exitCode, "exitCode"), Objects.requireNonNullElse(result, ""));
        }
    }

    /** Labels as the value of a query parameter. */
    static String text(Map<String, String> labels) {
        return JSON.valueToTree(labels).toString();
    }

    /** The names of states as Daytona's filters know them. */
    static Set<String> names(Set<RemoteState> states) {
        return states.stream().map(s -> s.name().toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    }

    /** What an answer must hold to be of use. */
    static <T> T required(@Nullable T value, String what) {
        if (value == null) {
            throw new DaytonaException(DaytonaException.Kind.FAILED, 200, "an answer without " + what, null, null);
        }
        return value;
    }
}
