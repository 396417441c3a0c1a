package dev.omni.stream;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.omni.sandbox.SandboxStatus;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.UUID;

/**
 * What one replica tells the others. It is a hint and proves nothing, since anybody who reaches Redis can tell it: whoever
 * hears one asks Daytona before a client learns of it.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Announcement.Job.class, name = "job"),
    @JsonSubTypes.Type(value = Announcement.Sandbox.class, name = "sandbox"),
    @JsonSubTypes.Type(value = Announcement.Hello.class, name = "hello"),
    @JsonSubTypes.Type(value = Announcement.Beat.class, name = "beat")
})
@RegisterForReflection
sealed interface Announcement {
    /**
     * A job was started here.
     *
     * @param ageMillis how long ago, since the clocks of two machines cannot be compared
     */
    record Job(String owner, String sandboxId, UUID jobId, long ageMillis) implements Announcement {
        public Job {
            if (ageMillis < 0) {
                throw new IllegalArgumentException("a job of the future");
            }
        }
    }

    /** A sandbox has come to another status. */
    record Sandbox(String owner, String sandboxId, SandboxStatus status) implements Announcement {}

    /** This replica may have missed something: tell it again. */
    record Hello() implements Announcement {}

    /** Nothing, to hear whether it comes back. */
    record Beat() implements Announcement {}
}
