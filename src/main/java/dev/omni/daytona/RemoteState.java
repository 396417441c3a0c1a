package dev.omni.daytona;

/** The state of a sandbox as Daytona derives it. The list grows between releases: what is not known is {@link #OTHER}. */
public enum RemoteState {
    PENDING_BUILD,
    BUILDING_SNAPSHOT,
    PULLING_SNAPSHOT,
    UNKNOWN,
    CREATING,
    STARTING,
    RESUMING,
    RESTORING,
    STARTED,
    STOPPING,
    STOPPED,
    PAUSING,
    PAUSED,
    ARCHIVING,
    ARCHIVED,
    RESIZING,
    SNAPSHOTTING,
    FORKING,
    DESTROYING,
    DESTROYED,
    ERROR,
    BUILD_FAILED,
    OTHER
}
