package dev.omni.limit;

import java.util.Locale;

/** The quotas that a call is refused for with {@code quota_exceeded}. */
public enum QuotaName {
    SANDBOXES,
    JOBS_PER_USER,
    JOBS_PER_SANDBOX;

    /** Its name for clients and in metrics. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
