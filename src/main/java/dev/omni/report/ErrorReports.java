package dev.omni.report;

import dev.omni.metric.Metric;
import dev.omni.redaction.Redaction;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.sentry.SentryClient;
import io.sentry.SentryOptions;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Reports what the log holds as an error, where a DSN is configured. Sending is Sentry's own thread's business, with a short
 * queue: a Sentry that is slow or away costs reports, and nothing else.
 */
@Singleton
class ErrorReports {
    private static final int MAX_WAITING = 30;
    private static final Duration CALL = Duration.ofSeconds(3);
    private static final Duration LAST_CHANCE = Duration.ofSeconds(2);

    private final ReportConfig config;
    private final Counter reported;
    private @Nullable ReportHandler handler;

    ErrorReports(ReportConfig config, MeterRegistry registry) {
        this.config = config;
        this.reported = Metric.ERRORS_REPORTED.counter(registry);
    }

    void start(@Observes StartupEvent event) {
        config.dsn().map(String::strip).filter(dsn -> !dsn.isEmpty()).ifPresent(this::start);
    }

    void stop(@Observes ShutdownEvent event) {
        if (handler != null) {
            Logger.getLogger("").removeHandler(handler);
            handler.close();
        }
    }

    private void start(String dsn) {
        Redaction.know(() -> List.of(dsn));
        config.salt().ifPresent(salt -> Redaction.know(() -> List.of(salt)));
        handler = new ReportHandler(client(dsn), new Pseudonyms(config.salt()), reported);
        Logger.getLogger("").addHandler(handler);
    }

    private SentryClient client(String dsn) {
        SentryOptions options = new SentryOptions();
        options.setDsn(dsn);
        options.setEnvironment(config.environment());
        options.setRelease(config.release());
        options.setSampleRate(config.sampleRate());
        options.setBeforeSend((report, hint) -> Scrubbing.of(report));
        // Nothing of the machine or of who calls, and nothing that others have logged before.
        options.setAttachServerName(false);
        options.setServerName(config.serverName());
        options.setSendDefaultPii(false);
        options.setMaxBreadcrumbs(0);
        options.setSendModules(false);
        options.setAttachThreads(false);
        options.setAttachStacktrace(false);
        options.setSendClientReports(false);
        options.setEnableUncaughtExceptionHandler(false);
        options.setEnableShutdownHook(false);
        options.addInAppInclude("dev.omni");
        options.setMaxQueueSize(MAX_WAITING);
        options.setConnectionTimeoutMillis((int) CALL.toMillis());
        options.setReadTimeoutMillis((int) CALL.toMillis());
        options.setShutdownTimeoutMillis(LAST_CHANCE.toMillis());
        options.setFlushTimeoutMillis(LAST_CHANCE.toMillis());
        try {
            return new SentryClient(options);
        } catch (IllegalArgumentException e) {
            // Without the cause, whose words have the DSN in them.
            throw new IllegalStateException("omni.sentry.dsn is not a DSN of Sentry's");
        }
    }
}
