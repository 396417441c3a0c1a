package dev.omni.stream;

import dev.omni.observe.LogContext;
import java.util.HashMap;
import java.util.Map;
import org.jboss.logging.MDC;

/** The log context of a connection. It lives in the Vert.x context of a callback, so each callback sets it. */
final class LogFields {
    private LogFields() {}

    static void connection(String requestId, String userId) {
        LogContext.put(LogContext.REQUEST_ID, requestId);
        LogContext.put(LogContext.USER_ID, userId);
    }

    /** The fields of the current callback and the job's. */
    static Map<String, String> of(JobKey job) {
        Map<String, String> fields = new HashMap<>(LogContext.fields());
        fields.put(LogContext.SANDBOX_ID, job.sandboxId());
        fields.put(LogContext.JOB_ID, job.jobId().toString());
        return fields;
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
