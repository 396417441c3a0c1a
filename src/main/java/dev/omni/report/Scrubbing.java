package dev.omni.report;

import dev.omni.redaction.Redaction;
import dev.omni.redaction.ScrubbedThrowable;
import io.sentry.SentryEvent;
import io.sentry.protocol.Message;
import io.sentry.protocol.SentryException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The last look at a report before it leaves. */
final class Scrubbing {
    private static final int MAX_CHAIN = 32;

    private Scrubbing() {}

    static SentryEvent of(SentryEvent report) {
        Message message = report.getMessage();
        if (message != null && message.getFormatted() != null) {
            message.setFormatted(Redaction.scrub(message.getFormatted()));
        }
        if (report.getExceptions() != null) {
            Map<String, String> types = new HashMap<>();
            collectTypes(report.getThrowable(), types);
            report.getExceptions().forEach(exception -> scrub(exception, types));
        }
        if (report.getTags() != null) {
            Map.copyOf(report.getTags()).forEach((name, value) -> report.setTag(name, Redaction.scrub(value)));
        }
        report.setRequest(null);
        report.setBreadcrumbs(null);
        return report;
    }

    private static void scrub(SentryException exception, Map<String, String> types) {
        String type = types.get(String.valueOf(exception.getValue()));
        if (type != null && ScrubbedThrowable.class.getSimpleName().equals(exception.getType())) {
            // Reported as the copy that it is; what it is a copy of is what is wanted.
            int name = type.lastIndexOf('.') + 1;
            exception.setType(type.substring(name));
            exception.setModule(name == 0 ? null : type.substring(0, name - 1));
        }
        if (exception.getValue() != null) {
            exception.setValue(Redaction.scrub(exception.getValue()));
        }
    }

    private static void collectTypes(@Nullable Throwable failure, Map<String, String> types) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < MAX_CHAIN; depth++) {
            types.putIfAbsent(String.valueOf(cause.getMessage()), ScrubbedThrowable.typeOf(cause));
            cause = cause.getCause();
        }
    }
}
