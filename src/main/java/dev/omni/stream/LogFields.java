package dev.omni.stream;

import org.jboss.logging.MDC;

/** The log context of a connection. It lives in the Vert.x context of the callback, so each callback sets it. */
final class LogFields {
    private LogFields() {}

    static void connection(String requestId, String userId) {
        MDC.put("requestId", requestId);
        MDC.put("userId", userId);
    }

    static void job(JobKey job) {
        MDC.put("sandboxId", job.sandboxId());
        MDC.put("jobId", job.jobId().toString());
    }

    static void noJob() {
        MDC.remove("sandboxId");
        MDC.remove("jobId");
    }
}
