package dev.omni.daytona;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Everything that Daytona is asked for. What a call may cost others follows from it, so that no caller need say it. */
public enum DaytonaOperation {
    CREATE_SANDBOX(Lane.STARTS, Throttler.SANDBOX_CREATE, Priority.WORK),
    START_SANDBOX(Lane.STARTS, Throttler.SANDBOX_LIFECYCLE, Priority.WORK),
    RECOVER_SANDBOX(Lane.STARTS, Throttler.SANDBOX_LIFECYCLE, Priority.WORK),
    STOP_SANDBOX(Lane.CHANGES, Throttler.SANDBOX_LIFECYCLE, Priority.WORK),
    ARCHIVE_SANDBOX(Lane.CHANGES, Throttler.SANDBOX_LIFECYCLE, Priority.WORK),
    DELETE_SANDBOX(Lane.CHANGES, Throttler.SANDBOX_LIFECYCLE, Priority.WORK),
    UPDATE_SANDBOX(Lane.CHANGES, Throttler.AUTHENTICATED, Priority.WORK),
    GET_SANDBOX(Lane.READS, Throttler.AUTHENTICATED, Priority.READ),
    LIST_SANDBOXES(Lane.READS, Throttler.AUTHENTICATED, Priority.READ),
    /** A look at a sandbox by somebody who will look again. */
    POLL_SANDBOX(Lane.POLLS, Throttler.AUTHENTICATED, Priority.POLL),

    CREATE_SESSION(Lane.TOOLBOX_CHANGES),
    DELETE_SESSION(Lane.TOOLBOX_CHANGES),
    START_COMMAND(Lane.TOOLBOX_CHANGES),
    SEND_INPUT(Lane.TOOLBOX_CHANGES),
    EXECUTE(Lane.TOOLBOX_CHANGES),
    UPLOAD_FILE(Lane.TOOLBOX_CHANGES),
    GET_HOME(Lane.TOOLBOX_READS),
    GET_SESSION(Lane.TOOLBOX_READS),
    GET_COMMAND(Lane.TOOLBOX_READS),
    DOWNLOAD_FILE(Lane.DOWNLOADS),
    READ_LOG(Lane.DOWNLOADS),
    /** The same for a client, at the client's pace. */
    READ_OUTPUT(Lane.OUTPUTS),
    /** Has a limit of its own, the connections of its client: it lasts as long as its job. */
    FOLLOW_LOG(null, null, Priority.WORK);

    /** Who yields to whom when Daytona's budget runs low: the last first. */
    enum Priority {
        WORK,
        READ,
        POLL
    }

    /** Calls that share connections, a bulkhead and circuits. */
    enum Lane {
        /** Daytona holds these until the sandbox has started. */
        STARTS,
        CHANGES,
        READS,
        POLLS,
        TOOLBOX_CHANGES,
        TOOLBOX_READS,
        /** What jobs need to begin and to end. */
        DOWNLOADS,
        /** What clients read, as slowly as they like. */
        OUTPUTS;

        /** Whether a call that failed may be made again: it changes nothing. */
        boolean repeats() {
            return this == READS || this == POLLS || this == TOOLBOX_READS;
        }

        /** Whether it ends in a sandbox, where a user decides what is answered, and when. */
        boolean toolbox() {
            return this == TOOLBOX_CHANGES || this == TOOLBOX_READS || streams();
        }

        /** Whether its calls last as long as somebody reads. They have no circuit of their own. */
        boolean streams() {
            return this == DOWNLOADS || this == OUTPUTS;
        }

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final @Nullable Lane lane;
    private final @Nullable Throttler throttler;
    private final Priority priority;

    DaytonaOperation(@Nullable Lane lane, @Nullable Throttler throttler, Priority priority) {
        this.lane = lane;
        this.throttler = throttler;
        this.priority = priority;
    }

    /** Of the toolbox: Daytona's throttlers do not count those. */
    DaytonaOperation(Lane lane) {
        this(lane, null, Priority.WORK);
    }

    /** Its name in metrics and problems. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    Lane lane() {
        if (lane == null) {
            throw new IllegalStateException(this + " has no lane");
        }
        return lane;
    }

    /** The throttler that counts it, or null. */
    @Nullable
    Throttler throttler() {
        return throttler;
    }

    Priority priority() {
        return priority;
    }
}
