package dev.omni.redaction;

import io.quarkus.logging.LoggingFilter;
import java.util.HashMap;
import java.util.Map;
import java.util.logging.Filter;
import java.util.logging.LogRecord;
import org.jboss.logmanager.ExtFormatter;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.ExtLogRecord.FormatStyle;
import org.jboss.logmanager.formatters.PatternFormatter;

/**
 * Scrubs every line of the log where it leaves the process, so that whoever logs need not think of it: the message with its
 * parameters, the messages of exceptions, and the fields of the log context. It lets every line pass.
 */
@LoggingFilter(name = "redaction")
public final class LogFilter implements Filter {
    /** A line of the log is for people; the rest of a longer one is not missed. */
    private static final int MAX_MESSAGE = 8 * 1024;

    private static final ExtFormatter MESSAGE = new PatternFormatter("%s");

    private static final int MAX_FIELD = 512;

    /** What a line says, its parameters put in, without its exception. */
    public static String message(ExtLogRecord line) {
        return MESSAGE.format(line);
    }

    @Override
    public boolean isLoggable(LogRecord record) {
        ExtLogRecord line = ExtLogRecord.wrap(record);
        line.setMessage(Redaction.scrub(message(line), MAX_MESSAGE), FormatStyle.NO_FORMAT);
        line.setParameters(null);
        if (line.getThrown() != null) {
            line.setThrown(ScrubbedThrowable.of(line.getThrown()));
        }
        line.copyMdc();
        Map<String, String> fields = new HashMap<>();
        line.getMdcCopy().forEach((name, value) -> fields.put(name, Redaction.scrub(value, MAX_FIELD)));
        line.setMdc(fields);
        return true;
    }
}
