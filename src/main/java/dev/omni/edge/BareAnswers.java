package dev.omni.edge;

import dev.omni.problem.Problem;
import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import dev.omni.problem.Refusals;
import dev.omni.problem.RequestId;
import jakarta.inject.Singleton;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** Answers to what never became a request: they look like all others, though no route has seen them. */
@Singleton
class BareAnswers {
    private final Refusals refusals;

    BareAnswers(Refusals refusals) {
        this.refusals = refusals;
    }

    record Answer(int status, Map<String, String> headers, byte[] body) {}

    Answer of(ProblemCode code, String detail) {
        String requestId = UUID.randomUUID().toString();
        byte[] body = refusals.body(new ProblemException(code, detail), requestId);
        Map<String, String> all = new LinkedHashMap<>(refusals.headers());
        all.put("Content-Type", Problem.MEDIA_TYPE);
        all.put("Content-Length", Integer.toString(body.length));
        all.put("Connection", "close");
        all.put(RequestId.HEADER, requestId);
        return new Answer(code.status(), all, body);
    }
}
