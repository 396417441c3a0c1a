package dev.omni.soak;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** {@code /ws}: subscribes with the last cursor. */
final class WebSocketTransport implements Transport {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Set<String> NEWS = Set.of("heartbeat", "sandbox");
    /** Codes of errors that pass. */
    private static final Set<String> PASSING = Set.of(
            "upstream_unavailable", "upstream_timeout", "upstream_rate_limited", "upstream_error", "rate_limited");

    @Override
    public void read(URI service, JobAddress job, Transcript transcript, int atMost) throws IOException {
        try (RawWebSocket socket = RawWebSocket.connect(service, job.token())) {
            subscribe(socket, job, transcript);
            read(socket, job, transcript, atMost);
        }
    }

    /** Asks for what follows of a job. */
    static void subscribe(RawWebSocket socket, JobAddress job, Transcript transcript) throws IOException {
        Map<String, String> subscribe = new LinkedHashMap<>();
        subscribe.put("type", "subscribe");
        subscribe.put("sandboxId", job.sandboxId());
        subscribe.put("jobId", job.jobId());
        if (transcript.cursor() != null) {
            subscribe.put("cursor", transcript.cursor());
        }
        socket.send(JSON.writeValueAsString(subscribe));
    }

    /** Reads on a connection that has subscribed. */
    static void read(RawWebSocket socket, JobAddress job, Transcript transcript, int atMost) throws IOException {
        int left = atMost;
        while (!transcript.hasEnded()) {
            JsonNode message = JSON.readTree(socket.next());
            if (isAbout(job, message)) {
                refuse(message);
                if (!message.path("type").asText().equals("subscribed")) {
                    transcript.take(message);
                    if (--left == 0) {
                        throw new LetGoException();
                    }
                }
            }
        }
        requireNothingMore(socket, job, transcript);
    }

    /** What is asked behind done is answered, and nothing comes in between. */
    private static void requireNothingMore(RawWebSocket socket, JobAddress job, Transcript transcript) {
        try {
            socket.send("{\"type\":\"ping\"}");
            JsonNode message = JSON.readTree(socket.next());
            while (!message.path("type").asText().equals("heartbeat")) {
                if (isAbout(job, message)) {
                    transcript.take(message);
                }
                message = JSON.readTree(socket.next());
            }
        } catch (IOException e) {
            // Cut behind done: nothing more can come.
        }
    }

    private static boolean isAbout(JobAddress job, JsonNode message) {
        return message.path("jobId").asText().equals(job.jobId())
                && !NEWS.contains(message.path("type").asText());
    }

    /** An error without a cursor is an answer to what was asked. */
    private static void refuse(JsonNode message) throws RefusedException {
        if (message.path("type").asText().equals("error")
                && message.path("cursor").isMissingNode()) {
            if (PASSING.contains(message.path("code").asText())) {
                throw new RefusedException(message.toString());
            }
            throw new AssertionError("refused: " + message);
        }
    }

    @Override
    public void require(Transcript transcript, Script script) {
        transcript.requireEvents(script, "over /ws");
    }
}
