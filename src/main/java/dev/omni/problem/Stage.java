package dev.omni.problem;

import com.fasterxml.jackson.annotation.JsonValue;
import io.smallrye.mutiny.Uni;
import java.util.Locale;

/** A step of the work that is done for a call, by which a caller can tell what happened before it failed. */
public enum Stage {
    /** Looking the sandbox up: nothing has happened. */
    LOOKUP,
    /** Creating a sandbox. */
    CREATE,
    /** Starting or mending a sandbox. */
    START,
    STOP,
    ARCHIVE,
    DELETE,
    /** Making the session that a command runs in: nothing has run. */
    SESSION,
    /** Writing the command's input into the sandbox: nothing has run. */
    UPLOAD,
    /** Starting the command, or while it ran. */
    COMMAND,
    /** Reading what the command printed. */
    LOG;

    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The work, whose failure says that it was at this step. */
    public <T> Uni<T> of(Uni<T> work) {
        return work.onFailure(ProblemException.class).invoke(failure -> failure.at(this));
    }
}
