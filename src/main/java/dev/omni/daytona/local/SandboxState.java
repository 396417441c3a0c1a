package dev.omni.daytona.local;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The states of a sandbox that the local Daytona has. */
enum SandboxState {
    PENDING_BUILD(false, "started"),
    BUILDING_SNAPSHOT(true, "started"),
    CREATING(true, "started"),
    STARTING(true, "started"),
    RESTORING(true, "started"),
    STARTED(false, "started"),
    STOPPING(true, "stopped"),
    STOPPED(false, "stopped"),
    ARCHIVING(true, "archived"),
    ARCHIVED(false, "archived"),
    DESTROYING(true, "destroyed"),
    ERROR(false, "started"),
    BUILD_FAILED(false, "started");

    private final boolean busy;
    private final String desired;

    SandboxState(boolean busy, String desired) {
        this.busy = busy;
        this.desired = desired;
    }

    /** Whether every change is refused with 409 until it is over. */
    boolean isBusy() {
        return busy;
    }

    boolean isBooting() {
        return this == CREATING || this == STARTING || this == RESTORING;
    }

    boolean isFailed() {
        return this == ERROR || this == BUILD_FAILED;
    }

    String desired() {
        return desired;
    }

    String wire() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<SandboxState> of(String wire) {
        return Stream.of(values()).filter(state -> state.wire().equals(wire)).findFirst();
    }
}
