package dev.omni.problem;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.InvalidDefinitionException;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import java.time.temporal.Temporal;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Says in the API's words what Jackson could not read, naming the field and never a Java type. */
final class JsonFailures {
    private JsonFailures() {}

    /** @throws JsonProcessingException the failure itself where it is our mistake, not the caller's */
    static ProblemException explain(JsonProcessingException failure) throws JsonProcessingException {
        return switch (failure) {
            // Thrown by a record's constructor, or by the stream that is read from.
            case JsonMappingException wrapped when wrapped.getCause() instanceof ProblemException problem -> problem;
            case InvalidDefinitionException ours -> throw ours;
            case UnrecognizedPropertyException unknown ->
                ProblemException.of(
                        ProblemCode.UNKNOWN_FIELD, List.of(new Violation(field(unknown), "is not a known field")));
            case MismatchedInputException trailing when isTrailingToken(trailing) -> malformed();
            case InvalidFormatException text
            when text.getTargetType() == String.class && text.getValue() instanceof String ->
                ProblemException.invalid(field(text), "must not contain half of a surrogate pair");
            case MismatchedInputException mismatch ->
                ProblemException.invalid(field(mismatch), expectation(mismatch.getTargetType()));
            case ValueInstantiationException refused -> ProblemException.invalid(field(refused), "is not valid");
            case StreamConstraintsException limit -> tooComplex();
            case JsonMappingException wrapped
            when wrapped.getCause() instanceof InputCoercionException range ->
                ProblemException.invalid(field(wrapped), expectation(range.getTargetType()));
            case JsonMappingException wrapped
            when wrapped.getCause() instanceof JsonProcessingException cause -> explain(cause);
            default -> malformed();
        };
    }

    static ProblemException malformed() {
        return new ProblemException(ProblemCode.MALFORMED_JSON, "The body is not one well-formed JSON value.");
    }

    private static ProblemException tooComplex() {
        return new ProblemException(
                ProblemCode.MALFORMED_JSON, "The body nests too deep, or has a name or number that is too long.");
    }

    private static boolean isTrailingToken(MismatchedInputException failure) {
        return failure.getOriginalMessage().startsWith("Trailing token");
    }

    private static String field(JsonMappingException failure) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : failure.getPath()) {
            if (step.getFieldName() == null) {
                path.append('[').append(step.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            }
        }
        return path.isEmpty() ? "body" : FieldNames.shown(path);
    }

    private static String expectation(@Nullable Class<?> type) {
        if (type == null) {
            return "is of the wrong type";
        }
        if (type.isEnum()) {
            return "is not one of the known values";
        }
        if (type == String.class) {
            return "must be a string";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "must be true or false";
        }
        if (type == double.class || type == Double.class || type == float.class || type == Float.class) {
            return "must be a number";
        }
        if (type.isPrimitive() || Number.class.isAssignableFrom(type)) {
            return "must be a whole number in range";
        }
        if (type == UUID.class) {
            return "must be a UUID";
        }
        if (Temporal.class.isAssignableFrom(type)) {
            return "must be an RFC 3339 time";
        }
        if (type.isArray() || Collection.class.isAssignableFrom(type)) {
            return "must be an array";
        }
        return "must be an object";
    }
}
