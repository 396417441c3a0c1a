package dev.omni.stream;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.omni.job.JobEvent;
import dev.omni.job.JobStatus;
import dev.omni.problem.ProblemException;
import dev.omni.redaction.Redaction;
import dev.omni.sandbox.SandboxChanged;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a client is sent, one JSON object per text frame or server-sent event, told apart by {@code type}. Fields that are
 * null are left out; {@code ts} is in milliseconds since the epoch.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = ServerMessage.Log.class, name = "log"),
    @JsonSubTypes.Type(value = ServerMessage.Result.class, name = "result"),
    @JsonSubTypes.Type(value = ServerMessage.Failure.class, name = "error"),
    @JsonSubTypes.Type(value = ServerMessage.Done.class, name = "done"),
    @JsonSubTypes.Type(value = ServerMessage.Heartbeat.class, name = "heartbeat"),
    @JsonSubTypes.Type(value = ServerMessage.Subscribed.class, name = "subscribed"),
    @JsonSubTypes.Type(value = ServerMessage.Sandbox.class, name = "sandbox")
})
@RegisterForReflection
sealed interface ServerMessage {
    /** Output of a job. The level is {@code error} for stderr and {@code info} for stdout. */
    record Log(
            String sandboxId,
            UUID jobId,
            String level,
            long ts,
            String data,
            String stream,
            @Nullable String encoding,
            String cursor)
            implements ServerMessage {}

    /** Where one of the user's sandboxes is now. */
    record Sandbox(String sandboxId, String status, long ts) implements ServerMessage {
        static Sandbox of(SandboxChanged changed) {
            return new Sandbox(
                    changed.sandboxId(),
                    changed.status().wireName(),
                    Instant.now().toEpochMilli());
        }
    }

    /** What a prompt came to. */
    record Result(
            String sandboxId,
            UUID jobId,
            long ts,
            String format,
            String data,
            String cursor,
            @Nullable String sessionId,
            @Nullable Double costUsd,
            @Nullable Integer turns,
            @JsonProperty("isError") boolean isError)
            implements ServerMessage {}

    /** A job that failed, or a client's message that did: the former has a cursor. */
    record Failure(
            @Nullable String sandboxId,
            @Nullable UUID jobId,
            long ts,
            String code,
            String message,
            @Nullable String cursor)
            implements ServerMessage {
        /** A refusal of something the client asked for. */
        static Failure of(@Nullable JobKey job, String code, String message) {
            return new Failure(
                    job == null ? null : job.sandboxId(),
                    job == null ? null : job.jobId(),
                    System.currentTimeMillis(),
                    code,
                    Redaction.scrub(message),
                    null);
        }

        static Failure of(JobKey job, ProblemException problem) {
            return of(job, problem.code().code(), problem.detail());
        }
    }

    /** The end of a job: always its last message. */
    record Done(String sandboxId, UUID jobId, long ts, int exitCode, JobStatus status, String cursor)
            implements ServerMessage {}

    record Heartbeat(long ts) implements ServerMessage {
        static Heartbeat now() {
            return new Heartbeat(System.currentTimeMillis());
        }
    }

    /** Answers a subscribe; what follows of the job comes after the cursor. */
    record Subscribed(String sandboxId, UUID jobId, String cursor) implements ServerMessage {}

    static ServerMessage of(JobKey job, JobEvent event) {
        String sandboxId = job.sandboxId();
        UUID jobId = job.jobId();
        long ts = event.at().toEpochMilli();
        return switch (event) {
            case JobEvent.Log log ->
                new Log(
                        sandboxId,
                        jobId,
                        log.stream() == JobEvent.OutputStream.STDERR ? "error" : "info",
                        ts,
                        log.data(),
                        log.stream().name().toLowerCase(Locale.ROOT),
                        log.base64() ? "base64" : null,
                        log.cursor());
            case JobEvent.Result(String cursor, Instant at, JobEvent.JobResult result) ->
                new Result(
                        sandboxId,
                        jobId,
                        ts,
                        "markdown",
                        result.text(),
                        cursor,
                        result.sessionId(),
                        result.costUsd(),
                        result.turns(),
                        result.isError());
            case JobEvent.Failure failure ->
                new Failure(sandboxId, jobId, ts, failure.code(), failure.message(), failure.cursor());
            case JobEvent.Done done -> new Done(sandboxId, jobId, ts, done.exitCode(), done.status(), done.cursor());
        };
    }
}
