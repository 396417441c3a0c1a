package dev.omni.stream;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a client may send, one JSON object per text frame, told apart by {@code type}. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = ClientMessage.Ping.class, name = "ping"),
    @JsonSubTypes.Type(value = ClientMessage.Subscribe.class, name = "subscribe"),
    @JsonSubTypes.Type(value = ClientMessage.Unsubscribe.class, name = "unsubscribe"),
    @JsonSubTypes.Type(value = ClientMessage.Input.class, name = "input"),
    @JsonSubTypes.Type(value = ClientMessage.Cancel.class, name = "cancel"),
    @JsonSubTypes.Type(value = ClientMessage.Auth.class, name = "auth")
})
@RegisterForReflection
sealed interface ClientMessage {
    /** Longer than any sandbox id or cursor is. */
    int MAX_NAME = 512;

    record Ping() implements ClientMessage {}

    /**
     * Replays a job from a cursor, or from its start, and follows it. Without a job it asks for nothing: older clients
     * send it so, and a connection follows its user's new jobs anyway.
     */
    record Subscribe(
            @Nullable String sandboxId,
            @Nullable UUID jobId,
            @Nullable String cursor) implements ClientMessage {
        public Subscribe {
            if (sandboxId != null || jobId != null || cursor != null) {
                requireName("sandboxId", sandboxId);
                require("jobId", jobId);
            }
            if (cursor != null) {
                requireName("cursor", cursor);
            }
        }

        Optional<JobKey> job() {
            return sandboxId == null || jobId == null ? Optional.empty() : Optional.of(new JobKey(sandboxId, jobId));
        }
    }

    record Unsubscribe(String sandboxId, UUID jobId) implements ClientMessage {
        public Unsubscribe {
            requireName("sandboxId", sandboxId);
            require("jobId", jobId);
        }

        JobKey job() {
            return new JobKey(sandboxId, jobId);
        }
    }

    /** Writes to a job's stdin. */
    record Input(String sandboxId, UUID jobId, String data) implements ClientMessage {
        public Input {
            requireName("sandboxId", sandboxId);
            require("jobId", jobId);
            require("data", data);
        }

        JobKey job() {
            return new JobKey(sandboxId, jobId);
        }
    }

    record Cancel(String sandboxId, UUID jobId) implements ClientMessage {
        public Cancel {
            requireName("sandboxId", sandboxId);
            require("jobId", jobId);
        }

        JobKey job() {
            return new JobKey(sandboxId, jobId);
        }
    }

    /** Brings a newer token of the same user, so that the connection outlives the one it was opened with. */
    record Auth(String token) implements ClientMessage {
        public Auth {
            require("token", token);
        }

        /** Keeps the token out of anything that prints the message. */
        @Override
        public String toString() {
            return "Auth[]";
        }
    }

    private static void require(String field, @Nullable Object value) {
        if (value == null) {
            throw new InvalidMessageException(field + ": is missing");
        }
    }

    private static void requireName(String field, @Nullable String value) {
        require(field, value);
        if (value == null
                || value.isEmpty()
                || value.length() > MAX_NAME
                || value.chars().anyMatch(Character::isISOControl)) {
            throw new InvalidMessageException(field + ": must be 1 to " + MAX_NAME + " printable characters");
        }
    }
}
