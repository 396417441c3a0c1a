package dev.omni.audit;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.omni.problem.ProblemCode;
import java.util.Locale;

/** What came of it. */
public enum Outcome {
    OK,
    /** Not done, for the caller's reasons: not allowed, not there, not valid, not now. */
    REFUSED,
    /** Not done, since the caller does too much or has too much. */
    LIMITED,
    /** Not done, or not to its end, though it was allowed. */
    FAILED,
    /** Nobody waited for the answer, and nobody saw what came of it. */
    UNKNOWN;

    static Outcome ofStatus(int status) {
        if (status < 400) {
            return OK;
        }
        return switch (status) {
            case 422, 429 -> LIMITED;
            default -> status < 500 ? REFUSED : FAILED;
        };
    }

    public static Outcome of(ProblemCode code) {
        return ofStatus(code.status());
    }

    @JsonValue
    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
