package dev.omni.soak;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Server-sent events: resumes with {@code Last-Event-ID}. */
final class EventStreamTransport implements Transport {
    private static final JsonMapper JSON = new JsonMapper();

    @Override
    public void read(URI service, JobAddress job, Transcript transcript, int atMost) throws IOException {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Authorization", "Bearer " + job.token());
        if (transcript.cursor() != null) {
            headers.put("Last-Event-ID", transcript.cursor());
        }
        try (Exchange answer = Exchange.get(service, job.path("/events"), 200, headers)) {
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(new ChunkedBody(answer), StandardCharsets.UTF_8));
            int left = atMost;
            @Nullable String id = null;
            @Nullable String data = null;
            // To the end of the answer, not to done: nothing may come behind it.
            String line;
            while ((line = lines.readLine()) != null) {
                if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("data: ")) {
                    data = line.substring(6);
                } else if (line.isEmpty() && data != null) {
                    take(transcript, id, data);
                    data = null;
                    if (--left == 0 && !transcript.hasEnded()) {
                        throw new LetGoException();
                    }
                }
            }
        } catch (SocketTimeoutException e) {
            throw new AssertionError("a silent stream, not even a heartbeat", e);
        } catch (IOException e) {
            if (!transcript.hasEnded()) {
                throw e;
            }
            // Cut behind done: nothing more can come.
        }
        if (!transcript.hasEnded()) {
            throw new EOFException("ended before the job");
        }
    }

    private static void take(Transcript transcript, @Nullable String id, String data) throws IOException {
        transcript.take(JSON.readTree(data));
        if (!String.valueOf(transcript.cursor()).equals(id)) {
            throw new AssertionError("the event's id " + id + " is not its cursor: " + data);
        }
    }

    @Override
    public void require(Transcript transcript, Script script) {
        transcript.requireEvents(script, "as server-sent events");
    }
}
