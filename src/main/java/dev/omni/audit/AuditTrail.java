package dev.omni.audit;

import io.micrometer.core.instrument.MeterRegistry;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.util.logging.Level;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.ExtLogRecord.FormatStyle;
import org.jboss.logmanager.Logger;

/**
 * Writes the trail: records of the category {@code omni.audit} whose message is the JSON object. They go to the console on a
 * thread of their own, whatever the levels of the log are.
 */
@Singleton
public class AuditTrail {
    /** Above all others, so that no level that is meant for the rest of the log leaves them out. */
    static final Level LEVEL = new Level("AUDIT", Level.OFF.intValue() - 1) {};

    /** Marks lines that anybody can make, as many as they like. */
    static final String MINOR = "minor";

    private final Logger logger = Logger.getLogger(Entry.CATEGORY);
    private final AuditMeters meters;
    private final String replica;
    private final ConsoleLines console;

    AuditTrail(AuditConfig config, MeterRegistry registry) {
        this.meters = new AuditMeters(registry);
        this.replica = config.replica();
        this.console = new ConsoleLines(config.maxWaiting(), meters, ConsoleLines::find);
        logger.setUseParentHandlers(false);
        logger.setLevel(LEVEL);
        logger.addHandler(console);
    }

    @PreDestroy
    void close() {
        logger.removeHandler(console);
        console.close();
    }

    /** Never blocks. */
    public void write(Entry entry) {
        meters.written(entry.action(), entry.outcome());
        logger.logRaw(line(entry.from(replica)));
    }

    static ExtLogRecord line(Entry entry) {
        ExtLogRecord line = new ExtLogRecord(LEVEL, entry.toJson(), FormatStyle.NO_FORMAT, AuditTrail.class.getName());
        line.setLoggerName(Entry.CATEGORY);
        if (entry.isMinor()) {
            line.setMarker(MINOR);
        }
        return line;
    }
}
