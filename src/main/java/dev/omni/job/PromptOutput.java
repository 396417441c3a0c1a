package dev.omni.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.omni.job.JobEvent.JobResult;
import dev.omni.job.JobEvent.OutputStream;
import dev.omni.job.RawLog.Run;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The output of Claude Code's {@code stream-json}: one JSON object per line on stdout. Each becomes text for people, the
 * last one the job's result. Whatever is not such a line is shown as it is.
 */
final class PromptOutput implements LogDecoder {
    /** What is shown of one tool call or tool result; the whole is in the job's output. */
    private static final int MAX_DETAIL = 2_000;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PlainOutput PLAIN = PlainOutput.oneLine();

    @Override
    public boolean readsWholeLines() {
        return true;
    }

    @Override
    public @Nullable Decoded next(byte[] raw, int from, int to, LogPosition position, boolean complete) {
        Run run = RawLog.next(raw, from, to, position);
        if (run == null) {
            return null;
        }
        boolean line = position.lineStart() && run.after().lineStart();
        if (run.stream() == OutputStream.STDERR || (!line && (complete || isMidLine(position, to - from)))) {
            return PLAIN.next(raw, from, to, position, complete);
        }
        if (!line) {
            return null;
        }
        JsonNode message;
        try {
            message = JSON.readTree(new String(raw, run.from(), run.length(), StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            message = null;
        }
        if (message == null || !message.isObject() || !message.path("type").isTextual()) {
            return PLAIN.next(raw, from, to, position, complete);
        }
        return new Decoded(body(message), run.after());
    }

    /** A line longer than the window has been begun, or is about to be. */
    private static boolean isMidLine(LogPosition position, int available) {
        return !position.lineStart() || available >= WINDOW;
    }

    private static @Nullable Body body(JsonNode message) {
        return switch (message.path("type").asText()) {
            case "result" -> new Outcome(result(message));
            case "system" ->
                "init".equals(message.path("subtype").asText())
                        ? text("Session started, model %s."
                                .formatted(message.path("model").asText("unknown")))
                        : null;
            case "assistant", "user" -> conversation(message.path("message").path("content"));
            default -> null;
        };
    }

    private static JobResult result(JsonNode message) {
        boolean isError = message.path("is_error").asBoolean()
                || message.path("subtype").asText("").startsWith("error");
        String text = message.path("result").asText("");
        if (text.isEmpty() && isError) {
            text = message.path("subtype").asText("error");
        }
        return new JobResult(
                text,
                message.path("session_id").isTextual()
                        ? message.path("session_id").asText()
                        : null,
                message.path("total_cost_usd").isNumber()
                        ? message.path("total_cost_usd").asDouble()
                        : null,
                message.path("num_turns").isNumber() ? message.path("num_turns").asInt() : null,
                isError);
    }

    private static @Nullable Body conversation(JsonNode content) {
        if (content.isTextual()) {
            return text(content.asText());
        }
        List<String> parts = new ArrayList<>();
        for (JsonNode block : content) {
            switch (block.path("type").asText()) {
                case "text" -> parts.add(block.path("text").asText());
                case "tool_use" ->
                    parts.add("→ %s %s"
                            .formatted(
                                    block.path("name").asText("tool"),
                                    shortened(block.path("input").toString())));
                case "tool_result" ->
                    parts.add((block.path("is_error").asBoolean() ? "✗ " : "← ")
                            + shortened(toolResult(block.path("content"))));
                default -> {
                    // Thinking and kinds yet to come are no text for people.
                }
            }
        }
        return parts.isEmpty() ? null : text(String.join("\n", parts));
    }

    private static String toolResult(JsonNode content) {
        if (content.isTextual()) {
            return content.asText();
        }
        List<String> texts = new ArrayList<>();
        content.forEach(block ->
                texts.add(block.path("text").asText("[" + block.path("type").asText("data") + "]")));
        return String.join("\n", texts);
    }

    private static String shortened(String text) {
        if (text.length() <= MAX_DETAIL) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(MAX_DETAIL - 1)) ? MAX_DETAIL - 1 : MAX_DETAIL;
        return String.format(Locale.ROOT, "%s… (%d more characters)", text.substring(0, end), text.length() - end);
    }

    private static Body text(String text) {
        return new Text(OutputStream.STDOUT, text.endsWith("\n") ? text : text + "\n", false);
    }
}
