package dev.omni.stream;

import dev.omni.observe.LogContext;
import org.jboss.logging.MDC;

/** The log context of a connection. It lives in the Vert.x context of a callback, so each callback sets it. */
final class LogFields {
    private LogFields() {}

    static void connection(String requestId, String userId) {
        LogContext.put(LogContext.REQUEST_ID, requestId);
        LogContext.put(LogContext.USER_ID, userId);
    }

    /** Says of one log call which job it is about. The connection has others. */
    static void about(JobKey job, Runnable logging) {
        LogContext.put(LogContext.SANDBOX_ID, job.sandboxId());
        LogContext.put(LogContext.JOB_ID, job.jobId().toString());
        try {
            logging.run();
        } finally {
            MDC.remove(LogContext.SANDBOX_ID);
            MDC.remove(LogContext.JOB_ID);
        }
    }
}
