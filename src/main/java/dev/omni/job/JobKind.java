package dev.omni.job;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a job runs. */
public enum JobKind {
    @JsonProperty("command")
    COMMAND,
    @JsonProperty("prompt")
    PROMPT
}
