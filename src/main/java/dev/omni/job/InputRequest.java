package dev.omni.job;

import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Size;

/** Text for a job's stdin. */
public record InputRequest(@NotEmpty @Size(max = 64 * 1024) String data) {}
