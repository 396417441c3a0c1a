package dev.omni.daytona;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A toolbox session: one shell that runs its commands one after the other. Daytona lists commands in no order. */
public record Session(String id, List<Command> commands) {
    public Session {
        commands = List.copyOf(commands);
    }

    /**
     * A command of a session.
     *
     * @param text what was sent to the shell, as it was sent
     * @param exitCode null while it runs; once it is there the command's log is complete
     */
    public record Command(String id, String text, @Nullable Integer exitCode) {}
}
