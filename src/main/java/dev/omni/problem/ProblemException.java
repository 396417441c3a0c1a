package dev.omni.problem;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A failure with a place in the public error model. Thrown anywhere, answered as a problem document. */
public class ProblemException extends RuntimeException {
    private final ProblemCode code;
    private final String detail;
    private final List<Violation> violations;
    private final @Nullable Duration retryAfter;
    private volatile @Nullable Stage stage;
    private volatile boolean once;

    /** @param detail one sentence for the caller, telling nothing of our insides */
    public ProblemException(ProblemCode code, String detail) {
        this(code, detail, detail, List.of(), null, null);
    }

    public ProblemException(ProblemCode code, String detail, @Nullable Duration retryAfter, @Nullable Throwable cause) {
        this(code, detail, detail, List.of(), retryAfter, cause);
    }

    /** @param message what our log says of it, which the caller is not told */
    protected ProblemException(
            ProblemCode code, String detail, String message, @Nullable Duration retryAfter, @Nullable Throwable cause) {
        this(code, detail, message, List.of(), retryAfter, cause);
    }

    private ProblemException(
            ProblemCode code,
            String detail,
            String message,
            List<Violation> violations,
            @Nullable Duration retryAfter,
            @Nullable Throwable cause) {
        // A refusal is an answer, not an accident: only failures of ours or upstream's carry a stack trace.
        super(message, cause, false, code.status() >= 500);
        this.code = code;
        this.detail = detail;
        this.violations = List.copyOf(violations);
        this.retryAfter = retryAfter;
    }

    /** A 400 {@code validation_failed} naming one field. */
    public static ProblemException invalid(String field, String message) {
        return invalid(List.of(new Violation(field, message)));
    }

    /** A 400 {@code validation_failed} naming each field that is wrong. */
    static ProblemException invalid(List<Violation> violations) {
        return of(ProblemCode.VALIDATION_FAILED, violations);
    }

    /** A refusal whose detail is its violations. */
    static ProblemException of(ProblemCode code, List<Violation> violations) {
        String detail =
                violations.stream().map(v -> v.field() + ": " + v.message()).collect(Collectors.joining("; "));
        return new ProblemException(code, detail, detail, violations, null, null);
    }

    public ProblemCode code() {
        return code;
    }

    /** The sentence for the caller. The {@linkplain #getMessage() message} is for the log. */
    public String detail() {
        return detail;
    }

    public List<Violation> violations() {
        return violations;
    }

    /** Says at which step of the work it failed. Who is nearest to the failure says so first, and is believed. */
    public ProblemException at(Stage step) {
        if (stage == null) {
            stage = step;
        }
        return this;
    }

    /** The step that failed, where that is known. */
    public @Nullable Stage stage() {
        return stage;
    }

    /** Says that the same request may not be answered otherwise later, or must not be sent again, whatever the code says. */
    public ProblemException notToBeRepeated() {
        once = true;
        return this;
    }

    /** Whether the same request may succeed when it is sent again later, and does no harm. */
    public boolean isRetryable() {
        return code.isRetryable() && !once;
    }

    /** How long the caller should wait before trying again, where that is known. */
    public @Nullable Duration retryAfter() {
        return retryAfter;
    }
}
