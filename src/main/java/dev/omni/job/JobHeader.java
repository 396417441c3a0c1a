package dev.omni.job;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.time.Instant;
import java.util.Optional;

/**
 * What any replica must know of a job later, kept in Daytona itself: the first line of the job's command text, as a shell
 * comment.
 *
 * @param createdAt epoch milliseconds
 * @param request a hash of what was asked for, to tell a repeated call from another one under the same key
 */
@RegisterForReflection
@JsonIgnoreProperties(ignoreUnknown = true)
record JobHeader(JobKind kind, long createdAt, long timeoutSeconds, boolean openStdin, String request) {
    private static final String PREFIX = "# omni-job ";

    // Its own mapper: what is written here is read by other versions, so it must not change with the API's strictness.
    private static final ObjectMapper JSON = new ObjectMapper();

    Instant createdInstant() {
        return Instant.ofEpochMilli(createdAt);
    }

    /** The comment line, without its newline. */
    String line() {
        try {
            return PREFIX + JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a job header is always JSON", e);
        }
    }

    /** The header of a command text; empty when the text is no job of ours. */
    static Optional<JobHeader> of(String commandText) {
        if (!commandText.startsWith(PREFIX)) {
            return Optional.empty();
        }
        int end = commandText.indexOf('\n');
        try {
            return Optional.of(JSON.readValue(
                    commandText.substring(PREFIX.length(), end < 0 ? commandText.length() : end), JobHeader.class));
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }
}
