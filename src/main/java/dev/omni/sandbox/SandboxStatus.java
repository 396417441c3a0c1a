package dev.omni.sandbox;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.omni.daytona.RemoteState;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Where a sandbox is, as far as its user is concerned. */
public enum SandboxStatus {
    /** Not usable yet, and on its way there: being created, started, restored or changed. */
    @JsonProperty("creating")
    CREATING,
    @JsonProperty("ready")
    READY,
    @JsonProperty("stopping")
    STOPPING,
    /** Its files are kept; starting it takes seconds. */
    @JsonProperty("stopped")
    STOPPED,
    /** Its files are kept away from any machine; starting it takes longer. */
    @JsonProperty("archived")
    ARCHIVED,
    @JsonProperty("deleting")
    DELETING,
    @JsonProperty("error")
    ERROR;

    /** The name on the wire. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<SandboxStatus> ofWireName(String name) {
        return Stream.of(values())
                .filter(status -> status.wireName().equals(name))
                .findFirst();
    }

    static SandboxStatus of(RemoteState state) {
        return switch (state) {
            case PENDING_BUILD, BUILDING_SNAPSHOT, PULLING_SNAPSHOT, UNKNOWN, CREATING, STARTING, RESUMING, RESTORING ->
                CREATING;
            case STARTED -> READY;
            // Nothing we do leads here, and all of these end where they began: promise nothing until then.
            case RESIZING, SNAPSHOTTING, FORKING -> CREATING;
            // A state that a newer Daytona invented. It must not read as an error: errors get replaced.
            case OTHER -> CREATING;
            case STOPPING, PAUSING -> STOPPING;
            // Archiving still starts like a stopped one.
            case STOPPED, PAUSED, ARCHIVING -> STOPPED;
            case ARCHIVED -> ARCHIVED;
            case DESTROYING, DESTROYED -> DELETING;
            case ERROR, BUILD_FAILED -> ERROR;
        };
    }

    /**
     * The states to ask Daytona's list for. It filters by the state it stores, while what it shows also tells where the
     * sandbox is headed: one shown as stopping may still be stored as started. So what comes back needs a second look.
     */
    Set<RemoteState> storedStates() {
        return switch (this) {
            case CREATING ->
                EnumSet.of(
                        RemoteState.PENDING_BUILD,
                        RemoteState.BUILDING_SNAPSHOT,
                        RemoteState.PULLING_SNAPSHOT,
                        RemoteState.UNKNOWN,
                        RemoteState.CREATING,
                        RemoteState.STARTING,
                        RemoteState.RESUMING,
                        RemoteState.RESTORING,
                        RemoteState.RESIZING,
                        RemoteState.SNAPSHOTTING,
                        RemoteState.FORKING,
                        RemoteState.STOPPED,
                        RemoteState.ARCHIVED);
            case READY -> EnumSet.of(RemoteState.STARTED);
            case STOPPING -> EnumSet.of(RemoteState.STOPPING, RemoteState.PAUSING, RemoteState.STARTED);
            case STOPPED -> EnumSet.of(RemoteState.STOPPED, RemoteState.PAUSED, RemoteState.ARCHIVING);
            case ARCHIVED -> EnumSet.of(RemoteState.ARCHIVED);
            case DELETING -> EnumSet.of(RemoteState.DESTROYING, RemoteState.STARTED, RemoteState.STOPPED);
            case ERROR -> EnumSet.of(RemoteState.ERROR, RemoteState.BUILD_FAILED);
        };
    }
}
