package dev.omni.audit;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.logging.Filter;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.jboss.logging.Logger;
import org.jboss.logmanager.ExtFormatter;
import org.jboss.logmanager.ExtHandler;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.handlers.ConsoleHandler;
import org.jspecify.annotations.Nullable;

/**
 * Lines on their way to the console. They pass through the handler that prints the rest of the log, which writes one line at
 * a time, but as they are: its format, its filter and its level are not theirs.
 *
 * <p>Lines that anybody can make come by the thousand when somebody knocks at every door. So they have but a part of the
 * places, and never take those of lines of what was done.
 */
final class ConsoleLines extends ExtHandler {
    private static final org.jboss.logging.Logger LOG = Logger.getLogger(ConsoleLines.class);
    private static final Duration LAST_CHANCE = Duration.ofSeconds(2);
    private static final Duration LOOK = Duration.ofMillis(200);

    /** One in so many places is for lines that anybody can make. */
    private static final int MINOR_SHARE = 4;

    private final BlockingQueue<ExtLogRecord> waiting;
    private final Semaphore minorPlaces;
    private final AuditMeters meters;
    private final Supplier<Handler> printer;
    private final AtomicLong untold = new AtomicLong();
    private final Thread writer = new Thread(this::writeAll, "omni-audit");
    private volatile boolean closing;
    private @Nullable Handler console;

    ConsoleLines(int maxWaiting, AuditMeters meters, Supplier<Handler> printer) {
        this.printer = printer;
        this.waiting = new ArrayBlockingQueue<>(maxWaiting);
        this.minorPlaces = new Semaphore(maxWaiting / MINOR_SHARE);
        this.meters = meters;
        writer.setDaemon(true);
        writer.start();
    }

    @Override
    protected void doPublish(ExtLogRecord line) {
        boolean minor = isMinor(line);
        if (minor && !minorPlaces.tryAcquire()) {
            lose();
        } else if (!waiting.offer(line)) {
            if (minor) {
                minorPlaces.release();
            }
            lose();
        }
    }

    private void lose() {
        meters.lost();
        untold.incrementAndGet();
    }

    private static boolean isMinor(ExtLogRecord line) {
        return AuditTrail.MINOR.equals(line.getMarker());
    }

    private static boolean isOfTheTrail(LogRecord line) {
        return AuditTrail.LEVEL.equals(line.getLevel());
    }

    /** Waits a little for what has not been written yet. */
    @Override
    public void close() {
        closing = true;
        try {
            writer.join(LAST_CHANCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void writeAll() {
        try {
            while (!closing || !waiting.isEmpty()) {
                ExtLogRecord line = waiting.poll(LOOK.toMillis(), TimeUnit.MILLISECONDS);
                if (line != null) {
                    if (isMinor(line)) {
                        minorPlaces.release();
                    }
                    console().publish(line);
                    tellLoss();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tellLoss() {
        long count = untold.getAndSet(0);
        if (count > 0) {
            LOG.errorf("%d lines of the audit trail were lost: the console does not take them", count);
        }
    }

    private Handler console() {
        Handler known = console;
        if (known == null) {
            known = printer.get();
            known.setFormatter(new Verbatim(known.getFormatter()));
            Filter others = known.getFilter();
            // A filter that takes secrets out of prose would break JSON, in which each field is free of them already.
            known.setFilter(line -> isOfTheTrail(line) || others == null || others.isLoggable(line));
            if (known.getLevel().intValue() > AuditTrail.LEVEL.intValue()) {
                known.setLevel(AuditTrail.LEVEL);
            }
            console = known;
        }
        return known;
    }

    /** The handler that prints the log, which may be inside of others; a new one where the log is not printed. */
    static Handler find() {
        Queue<Handler> handlers = new ArrayDeque<>(
                Arrays.asList(java.util.logging.Logger.getLogger("").getHandlers()));
        while (!handlers.isEmpty()) {
            Handler handler = handlers.remove();
            if (handler instanceof ConsoleHandler) {
                return handler;
            }
            if (handler instanceof ExtHandler holder) {
                handlers.addAll(Arrays.asList(holder.getHandlers()));
            }
        }
        return new ConsoleHandler();
    }

    /** Prints lines of the trail as they are and all others as they were printed before. */
    private static final class Verbatim extends ExtFormatter {
        private final Formatter others;

        Verbatim(Formatter others) {
            this.others = others;
        }

        @Override
        public String format(ExtLogRecord line) {
            return isOfTheTrail(line) ? line.getMessage() + System.lineSeparator() : others.format(line);
        }

        @Override
        public boolean isCallerCalculationRequired() {
            return !(others instanceof ExtFormatter ext) || ext.isCallerCalculationRequired();
        }
    }
}
