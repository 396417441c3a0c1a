package dev.omni.soak;

import java.util.function.Supplier;

/**
 * A job, and the right to see it.
 *
 * @param tokens gives a new token of the owner's each time
 */
record JobAddress(String sandboxId, String jobId, Supplier<String> tokens) {
    /** @param behind what follows the job's own path */
    String path(String behind) {
        return "/api/v1/sandboxes/" + sandboxId + "/jobs/" + jobId + behind;
    }

    String token() {
        return tokens.get();
    }

    @Override
    public String toString() {
        return "job " + jobId;
    }
}
