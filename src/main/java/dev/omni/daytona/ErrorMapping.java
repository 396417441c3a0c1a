package dev.omni.daytona;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.omni.daytona.DaytonaException.Kind;
import dev.omni.redaction.Redaction;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.http.websocketx.WebSocketHandshakeException;
import io.vertx.core.MultiMap;
import io.vertx.core.VertxException;
import io.vertx.core.http.UpgradeRejectedException;
import jakarta.ws.rs.ProcessingException;
import jakarta.ws.rs.WebApplicationException;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@link DaytonaException} of everything that is no success: statuses with a body of any of the shapes that Daytona,
 * its proxy, its runner and its daemon have, and failures of the connection.
 */
final class ErrorMapping {
    /** Who answered: the same status means different things from different parts of Daytona. */
    enum Origin {
        CONTROL_PLANE,
        TOOLBOX,
        /** The toolbox, refusing to upgrade to a WebSocket. */
        HANDSHAKE
    }

    private static final int LONGEST_MESSAGE = 500;
    /** More words are not cleaned: whoever runs a sandbox can send any. */
    private static final int LONGEST_RAW_MESSAGE = 4 * LONGEST_MESSAGE;
    /** More of a body is not looked at. */
    static final int LONGEST_BODY = 16 * 1024;
    /** Daytona's throttlers block for a minute; whoever says much more is not to be believed. */
    private static final Duration LONGEST_WAIT = Duration.ofHours(1);

    private static final List<String> NOT_RUNNING_400 = List.of(
            "no ip address found", "is the sandbox started", "does not have a runner", "sandbox is not running");
    private static final String NOT_RUNNING_404 = "sandbox container not found";
    /** The daemon wraps this one, and so loses its status. */
    private static final String NOT_FOUND_500 = "not found: session not found";

    private static final Pattern QUOTED = Pattern.compile("\"[^\"]*+\"?|`[^`]*+`?|(?<!\\w)'[^']*+'?");
    private static final Pattern TAGS = Pattern.compile("<[^<>]*+>");
    private static final Pattern BLANKS = Pattern.compile("[\\p{Cntrl}\\s]+");
    private static final String RETRY_AFTER = "retry-after";

    private final Supplier<? extends Collection<String>> apiKeys;

    /** @param apiKeys the keys in use, to be cut out of what is kept */
    ErrorMapping(Supplier<? extends Collection<String>> apiKeys) {
        this.apiKeys = apiKeys;
    }

    /** What an answer with a status that is no success means. */
    DaytonaException answer(Origin origin, int status, Map<String, List<String>> headers, String body) {
        String message = clean(message(body));
        Kind kind = kind(origin, status, body, message.toLowerCase(Locale.ROOT));
        boolean waits = kind == Kind.RATE_LIMITED || kind == Kind.UNAVAILABLE;
        return new DaytonaException(
                kind, status, message, told(origin, message), waits ? retryAfter(headers) : null, null);
    }

    /**
     * What the log may say of Daytona's words. The toolbox is handed commands and input, and may repeat them; the control
     * plane is handed names and values, which it would quote.
     */
    private static String told(Origin origin, String message) {
        return origin == Origin.CONTROL_PLANE ? QUOTED.matcher(message).replaceAll(Redaction.MASK) : "";
    }

    /** What a failed call means; the failure itself where it is no call's, but a mistake of ours. */
    Throwable failure(Throwable failure) {
        return switch (failure) {
            case DaytonaException known -> known;
            case UpgradeRejectedException refused ->
                answer(
                        Origin.HANDSHAKE,
                        refused.getStatus(),
                        grouped(refused.getHeaders()),
                        refused.getBody() == null ? "" : refused.getBody().toString());
            // An answer that cannot be read. Jackson's exceptions are IOExceptions too, so this goes first.
            case JacksonException unreadable -> unreadable();
            case TimeoutException late -> withoutAnswer(Kind.TIMEOUT, late);
            case io.smallrye.mutiny.TimeoutException late -> withoutAnswer(Kind.TIMEOUT, late);
            // Refused, reset, unknown host, TLS; and Vert.x's own for closed connections and full pools.
            case IOException broken -> withoutAnswer(Kind.UNAVAILABLE, broken);
            case VertxException broken -> withoutAnswer(Kind.UNAVAILABLE, broken);
            case WebSocketHandshakeException broken -> withoutAnswer(Kind.UNAVAILABLE, broken);
            // The client's, of an answer that it could not take.
            case ProcessingException unreadable -> causeOr(unreadable);
            case WebApplicationException unreadable -> causeOr(unreadable);
            case CodecException broken -> causeOr(broken);
            // Of values that an answer holds.
            case DateTimeException unreadable -> unreadable();
            default -> failure.getCause() instanceof IOException cause ? failure(cause) : failure;
        };
    }

    private Throwable causeOr(RuntimeException failure) {
        return failure.getCause() instanceof IOException cause ? failure(cause) : withoutAnswer(Kind.FAILED, failure);
    }

    /** Without the parser's exception, which quotes what it could not read: it may be what a command printed. */
    private static DaytonaException unreadable() {
        return new DaytonaException(Kind.FAILED, 0, "an answer that cannot be read", null, null);
    }

    private static Kind kind(Origin origin, int status, String body, String message) {
        if (origin != Origin.CONTROL_PLANE) {
            boolean notRunning = switch (status) {
                case 400 ->
                    origin == Origin.HANDSHAKE || NOT_RUNNING_400.stream().anyMatch(message::contains);
                case 404 -> message.contains(NOT_RUNNING_404);
                // The proxy's, while the daemon does not listen yet. One with a body is somebody else's.
                case 502 -> body.isEmpty();
                default -> false;
            };
            if (notRunning) {
                return Kind.NOT_RUNNING;
            }
            if (status == 500 && message.contains(NOT_FOUND_500)) {
                return Kind.NOT_FOUND;
            }
        }
        return switch (status) {
            case 401, 403 -> Kind.REFUSED;
            case 404 -> Kind.NOT_FOUND;
            case 408, 504 -> Kind.TIMEOUT;
            case 409 -> Kind.CONFLICT;
            case 410 -> Kind.GONE;
            case 429 -> Kind.RATE_LIMITED;
            case 502, 503 -> Kind.UNAVAILABLE;
            default -> status >= 400 && status < 500 ? Kind.BAD_REQUEST : Kind.FAILED;
        };
    }

    private DaytonaException withoutAnswer(Kind kind, Throwable cause) {
        return new DaytonaException(kind, 0, clean(String.valueOf(cause.getMessage())), null, cause);
    }

    /** The words in a body: of the JSON fields that are used for them, or else its text. */
    private static String message(String body) {
        String text = body.strip();
        if (text.startsWith("{")) {
            try {
                JsonNode json = Wire.JSON.readTree(text);
                for (String field : List.of("message", "error", "errors")) {
                    String words = words(json.path(field));
                    if (!words.isEmpty()) {
                        return words;
                    }
                }
            } catch (JacksonException noJson) {
                return text;
            }
        }
        return text.length() > LONGEST_BODY ? text.substring(0, LONGEST_BODY) : text;
    }

    private static String words(JsonNode node) {
        return node.isArray()
                ? StreamSupport.stream(node.spliterator(), false)
                        .map(JsonNode::asText)
                        .collect(Collectors.joining(", "))
                : node.asText("");
    }

    /** Fit for a line of a log: no secrets, no markup, no control characters, not long. */
    private String clean(String message) {
        String clean = Redaction.scrub(message, LONGEST_RAW_MESSAGE, apiKeys.get());
        clean = TAGS.matcher(clean).replaceAll(" ");
        clean = BLANKS.matcher(clean).replaceAll(" ").strip();
        return clean.length() > LONGEST_MESSAGE ? clean.substring(0, LONGEST_MESSAGE) : clean;
    }

    /** {@code Retry-After}, or Daytona's {@code Retry-After-<throttler>}: the longest where there are several. */
    private static @Nullable Duration retryAfter(Map<String, List<String>> headers) {
        return headers.entrySet().stream()
                .filter(h -> {
                    String name = h.getKey().toLowerCase(Locale.ROOT);
                    return name.equals(RETRY_AFTER) || name.startsWith(RETRY_AFTER + "-");
                })
                .flatMap(h -> h.getValue().stream())
                .map(ErrorMapping::wait)
                .filter(Objects::nonNull)
                .max(Duration::compareTo)
                .orElse(null);
    }

    /** Seconds or an HTTP date. */
    static @Nullable Duration wait(String value) {
        Duration wait;
        try {
            wait = Duration.ofSeconds(Long.parseLong(value.strip()));
        } catch (NumberFormatException noSeconds) {
            try {
                wait = Duration.between(
                        Instant.now(), DateTimeFormatter.RFC_1123_DATE_TIME.parse(value.strip(), Instant::from));
            } catch (DateTimeParseException noDate) {
                return null;
            }
        }
        if (wait.isNegative()) {
            return Duration.ZERO;
        }
        return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
    }

    /** Vert.x's headers as the rest of the world has them. */
    static Map<String, List<String>> grouped(MultiMap headers) {
        return headers.names().stream().collect(Collectors.toMap(name -> name, headers::getAll, (a, b) -> a));
    }
}
