package dev.omni.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.omni.redaction.Redaction;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** One line of the trail, as docs/audit.md tells its fields. What is null is left out. */
@RegisterForReflection
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({"time", "category", "action", "outcome"})
public record Entry(
        String time,
        String category,
        Action action,
        Outcome outcome,
        @Nullable String code,
        @Nullable Integer status,
        @Nullable String userId,
        @Nullable Boolean operator,
        @Nullable String address,
        @Nullable String request,
        @Nullable String sandboxId,
        @Nullable String jobId,
        @Nullable String command,
        @Nullable Integer promptLength,
        @Nullable Integer exitCode,
        @Nullable Long durationMillis,
        @Nullable String requestId,
        @Nullable String replica) {
    static final String CATEGORY = "omni.audit";

    private static final int MAX_COMMAND = 1024;
    private static final int MAX_ID = 255;
    private static final int MAX_REQUEST = 256;

    /** In ASCII: no text of a client's can break a line, look like one, or turn the direction of a terminal. */
    private static final ObjectWriter JSON = JsonMapper.builder()
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .build()
            .writerFor(Entry.class);

    /** An entry that says nothing but what happened and to whom. */
    public static Builder of(Action action, Outcome outcome, Origin origin) {
        return new Builder(action, outcome, origin);
    }

    String toJson() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an audit entry that cannot be written as JSON", e);
        }
    }

    /** Whether it tells of nothing that was done to anything, or of nobody who is known. */
    boolean isMinor() {
        return userId == null || action == Action.OTHER;
    }

    Entry from(String replica) {
        return new Entry(
                time,
                category,
                action,
                outcome,
                code,
                status,
                userId,
                operator,
                address,
                request,
                sandboxId,
                jobId,
                command,
                promptLength,
                exitCode,
                durationMillis,
                requestId,
                replica);
    }

    /** A command as it may be told: without secrets, without the longer values of its own environment, not long. */
    static String tellable(String command, Collection<String> secrets) {
        return Redaction.scrub(command, MAX_COMMAND, secrets);
    }

    /** Puts an entry together. */
    public static final class Builder {
        private final Action action;
        private final Outcome outcome;
        private final Origin origin;
        private @Nullable String code;
        private @Nullable Integer status;
        private @Nullable String request;
        private @Nullable String sandboxId;
        private @Nullable String jobId;
        private @Nullable String command;
        private @Nullable Integer promptLength;
        private @Nullable Integer exitCode;
        private @Nullable Long durationMillis;

        private Builder(Action action, Outcome outcome, Origin origin) {
            this.action = action;
            this.outcome = outcome;
            this.origin = origin;
        }

        public Builder code(@Nullable String code) {
            this.code = code;
            return this;
        }

        public Builder job(@Nullable String sandboxId, @Nullable String jobId) {
            this.sandboxId = told(sandboxId, MAX_ID);
            this.jobId = told(jobId, MAX_ID);
            return this;
        }

        public Builder exitCode(@Nullable Integer exitCode) {
            this.exitCode = exitCode;
            return this;
        }

        public Builder took(Duration duration) {
            this.durationMillis = duration.toMillis();
            return this;
        }

        /** @param status null where nobody was answered */
        Builder answered(@Nullable Integer status, String request) {
            this.status = status;
            this.request = told(request, MAX_REQUEST);
            return this;
        }

        Builder ran(@Nullable String command, @Nullable Integer promptLength) {
            this.command = command;
            this.promptLength = promptLength;
            return this;
        }

        public Entry build() {
            return new Entry(
                    Instant.now().truncatedTo(ChronoUnit.MILLIS).toString(),
                    CATEGORY,
                    action,
                    outcome,
                    code,
                    status,
                    origin.userId(),
                    origin.operator() ? Boolean.TRUE : null,
                    origin.address(),
                    request,
                    sandboxId,
                    jobId,
                    command,
                    promptLength,
                    exitCode,
                    durationMillis,
                    told(origin.requestId(), MAX_ID),
                    null);
        }

        private static @Nullable String told(@Nullable String text, int max) {
            return text == null ? null : Redaction.scrub(text, max);
        }
    }
}
