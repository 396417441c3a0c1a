package dev.omni.observe;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jboss.logmanager.ExtFormatter;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.formatters.PatternFormatter;

/** Keeps what is logged while it is open: the level, the message and the fields each line was written with. */
public final class LogLines extends Handler implements AutoCloseable {
    /** One line of the log. */
    public record Line(String category, Level level, String message, Map<String, String> fields, boolean hasStack) {}

    private static final ExtFormatter FORMATTER = new PatternFormatter("%s");

    private final List<Line> lines = new CopyOnWriteArrayList<>();
    private final Logger logger;

    /** Listens to a category and those below it; the empty name is all of them. */
    public LogLines(String category) {
        logger = Logger.getLogger(category);
        logger.addHandler(this);
    }

    public List<Line> lines() {
        return lines;
    }

    /** The lines of one request. */
    public List<Line> of(String requestId) {
        return lines.stream()
                .filter(line -> requestId.equals(line.fields().get(LogContext.REQUEST_ID)))
                .toList();
    }

    @Override
    public void publish(LogRecord record) {
        // Taken here, on the thread that logs, as the console's handler would.
        ExtLogRecord line = ExtLogRecord.wrap(record);
        line.copyMdc();
        lines.add(new Line(
                line.getLoggerName(),
                line.getLevel(),
                FORMATTER.format(line),
                Map.copyOf(line.getMdcCopy()),
                line.getThrown() != null));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
    }
}
