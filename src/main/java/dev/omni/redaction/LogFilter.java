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

    private static final int UUID_LENGTH = 36;

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
        line.getMdcCopy()
                .forEach((name, value) ->
                        fields.put(name, isPlainId(value) ? value : Redaction.scrub(value, MAX_FIELD)));
        line.setMdc(fields);
        return true;
    }

    /** Whether it is as ids are that are made here: nearly all fields are. */
    private static boolean isPlainId(String value) {
        if (value.length() != UUID_LENGTH) {
            return false;
        }
        for (int i = 0; i < UUID_LENGTH; i++) {
            char c = value.charAt(i);
            boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
            if (dash ? c != '-' : Character.digit(c, 16) < 0) {
                return false;
            }
        }
        return true;
    }
}
