package dev.omni.job;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where a job is. All but {@link #RUNNING} are final. */
public enum JobStatus {
    @JsonProperty("running")
    RUNNING,
    @JsonProperty("succeeded")
    SUCCEEDED,
    @JsonProperty("failed")
    FAILED,
    @JsonProperty("cancelled")
    CANCELLED,
    @JsonProperty("timed_out")
    TIMED_OUT,
    /** The end cannot be known: the sandbox stopped or the session is gone. Never reported as a success. */
    @JsonProperty("lost")
    LOST
}
