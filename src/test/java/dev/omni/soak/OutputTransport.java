package dev.omni.soak;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** Asks for one stream's output, again and again, from the last cursor on. */
final class OutputTransport implements Transport {
    private static final JsonMapper JSON = new JsonMapper();

    /** Between two questions, each of which makes Daytona send the whole log. */
    private static final Duration INTERVAL = Duration.ofMillis(500);

    private final boolean ofStderr;

    OutputTransport(boolean ofStderr) {
        this.ofStderr = ofStderr;
    }

    @Override
    public void read(URI service, JobAddress job, Transcript transcript, int atMost) throws IOException {
        Map<String, String> authorization = Map.of("Authorization", "Bearer " + job.token());
        JsonNode state;
        try (Exchange answer = Exchange.get(service, job.path(""), 200, authorization)) {
            state = JSON.readTree(answer.body());
        }
        // Looked at first: what is there once the job has ended is all there will be.
        boolean ended = !state.path("status").asText().equals("running");
        String cursor = transcript.cursor() == null ? "" : "&cursor=" + transcript.cursor();
        String query = "/output?stream=" + (ofStderr ? "stderr" : "stdout") + cursor;
        try (Exchange answer = Exchange.get(service, job.path(query), 200, authorization)) {
            byte[] bytes = answer.body();
            String next = answer.header("X-Next-Cursor");
            // A long answer does not say where it ends: it is only of use when nothing follows.
            if (next != null || ended) {
                transcript.take(ofStderr, bytes, next);
            }
        }
        if (ended) {
            transcript.end(state.path("exitCode").asInt(-1));
        } else {
            LockSupport.parkNanos(INTERVAL.toNanos());
        }
    }

    @Override
    public void require(Transcript transcript, Script script) {
        transcript.requireStream(script, ofStderr, ofStderr ? "the output of stderr" : "the output of stdout");
    }
}
