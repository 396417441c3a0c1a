package dev.omni.report;

import dev.omni.observe.LogContext;
import dev.omni.redaction.LogFilter;
import dev.omni.redaction.Redaction;
import dev.omni.redaction.ScrubbedThrowable;
import io.micrometer.core.instrument.Counter;
import io.sentry.SentryClient;
import io.sentry.SentryEvent;
import io.sentry.SentryLevel;
import io.sentry.protocol.Message;
import io.sentry.protocol.SentryId;
import io.sentry.protocol.User;
import java.util.Date;
import java.util.Map;
import org.jboss.logmanager.ExtHandler;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.Level;

/** Makes a report of every error that is logged, unless it is an expected one. */
final class ReportHandler extends ExtHandler {
    private final SentryClient sentry;
    private final Pseudonyms pseudonyms;
    private final Counter reported;

    ReportHandler(SentryClient sentry, Pseudonyms pseudonyms, Counter reported) {
        this.sentry = sentry;
        this.pseudonyms = pseudonyms;
        this.reported = reported;
        setLevel(Level.ERROR);
    }

    @Override
    protected void doPublish(ExtLogRecord line) {
        if (!Expected.is(line.getThrown()) && !SentryId.EMPTY_ID.equals(sentry.captureEvent(report(line)))) {
            reported.increment();
        }
    }

    @Override
    public void close() {
        sentry.close();
    }

    private SentryEvent report(ExtLogRecord line) {
        SentryEvent report = new SentryEvent(Date.from(line.getInstant()));
        report.setLevel(line.getLevel().intValue() > Level.ERROR.intValue() ? SentryLevel.FATAL : SentryLevel.ERROR);
        report.setLogger(line.getLoggerName());
        Message message = new Message();
        message.setFormatted(Redaction.scrub(LogFilter.message(line)));
        report.setMessage(message);
        if (line.getThrown() != null) {
            report.setThrowable(ScrubbedThrowable.of(line.getThrown()));
        }
        // Asked of the context, not of the line: what the log shows of it may have been scrubbed.
        Map<String, String> fields = LogContext.fields();
        for (String tag : new String[] {LogContext.REQUEST_ID, LogContext.SANDBOX_ID, LogContext.JOB_ID}) {
            String value = fields.get(tag);
            if (value != null) {
                report.setTag(tag, value);
            }
        }
        String userId = fields.get(LogContext.USER_ID);
        if (userId != null) {
            User user = new User();
            user.setId(pseudonyms.of(userId));
            report.setUser(user);
        }
        return report;
    }
}
