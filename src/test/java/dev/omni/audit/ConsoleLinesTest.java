package dev.omni.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.omni.redaction.LogFilter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import org.jboss.logmanager.ExtHandler;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.ExtLogRecord.FormatStyle;
import org.jboss.logmanager.formatters.PatternFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConsoleLinesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int PLACES = 100;

    private final MeterRegistry registry = new SimpleMeterRegistry();
    private final Printer printer = new Printer();
    private final ConsoleLines lines = new ConsoleLines(PLACES, new AuditMeters(registry), () -> printer);

    /** A console that takes its time. */
    private static final class Printer extends ExtHandler {
        private final List<String> printed = new CopyOnWriteArrayList<>();
        private final CountDownLatch busy = new CountDownLatch(1);
        private final CountDownLatch free = new CountDownLatch(1);

        Printer() {
            setFormatter(new PatternFormatter("prose: %s"));
            setFilter(new LogFilter());
        }

        @Override
        protected void doPublish(ExtLogRecord line) {
            busy.countDown();
            try {
                free.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            printed.add(getFormatter().format(line).strip());
        }
    }

    @AfterEach
    void close() {
        printer.free.countDown();
        lines.close();
    }

    @Test
    void aFloodOfNobodysTakesNoPlaceOfWhatWasDone() throws InterruptedException {
        lines.publish(line(done("first")));
        printer.busy.await();
        for (int i = 0; i < 10 * PLACES; i++) {
            lines.publish(line(refused()));
        }
        for (int i = 0; i < PLACES * 3 / 4; i++) {
            lines.publish(line(done("sandbox-" + i)));
        }
        printer.free.countDown();

        await().atMost(PATIENCE).until(() -> printer.printed.size() == 1 + PLACES);
        assertThat(printer.printed.stream().filter(told -> told.contains("sandbox_delete")))
                .hasSize(1 + PLACES * 3 / 4);
        assertThat(lost()).isEqualTo(10 * PLACES - PLACES / 4);
    }

    @Test
    void itsPlacesAreFreeAgainWhenTheConsoleHasTakenTheLines() {
        printer.free.countDown();
        for (int i = 1; i <= 3 * PLACES; i++) {
            int count = i;
            lines.publish(line(refused()));
            await().atMost(PATIENCE)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> printer.printed.size() == count);
        }
        assertThat(lost()).isZero();
    }

    @Test
    void whatTakesSecretsOutOfProseLeavesALineAsItIs() throws Exception {
        printer.free.countDown();
        Entry entry = Entry.of(Action.EXEC, Outcome.OK, new Origin("alice@example.com", false, null, "r"))
                .ran("ü".repeat(1000) + " echo password:", null)
                .build();
        lines.publish(line(entry));
        await().atMost(PATIENCE).until(() -> !printer.printed.isEmpty());

        var read = new JsonMapper().readTree(printer.printed.getFirst());
        assertThat(read.path("userId").asText()).isEqualTo("alice@example.com");
        assertThat(read.path("command").asText()).endsWith("ü echo password:");
        printer.publish(new ExtLogRecord(
                org.jboss.logmanager.Level.INFO,
                "password=hunter2",
                FormatStyle.NO_FORMAT,
                getClass().getName()));
        assertThat(printer.printed).last().isEqualTo("prose: password=***");
    }

    @Test
    void aConsoleThatIsSwitchedOffPrintsTheTrailAndNothingElse() {
        printer.free.countDown();
        printer.setLevel(Level.OFF);
        lines.publish(line(done("first")));
        await().atMost(PATIENCE).until(() -> printer.printed.size() == 1);
        printer.publish(new ExtLogRecord(
                org.jboss.logmanager.Level.FATAL,
                "prose",
                FormatStyle.NO_FORMAT,
                getClass().getName()));

        assertThat(printer.printed).singleElement().asString().contains("sandbox_delete");
    }

    private static Entry done(String sandboxId) {
        return Entry.of(Action.SANDBOX_DELETE, Outcome.OK, new Origin("alice", false, null, null))
                .job(sandboxId, null)
                .build();
    }

    private static Entry refused() {
        return Entry.of(Action.OTHER, Outcome.REFUSED, Origin.UNKNOWN)
                .answered(401, "GET /")
                .build();
    }

    private static ExtLogRecord line(Entry entry) {
        return AuditTrail.line(entry);
    }

    private double lost() {
        return registry.get("omni.audit.lost").counter().count();
    }
}
