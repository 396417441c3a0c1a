package dev.omni.problem;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.ConstraintViolationException;
import jakarta.validation.ElementKind;
import jakarta.validation.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Bean Validation's findings, named as the caller knows the fields. */
final class Violations {
    /** Enough to mend a request by; a list of a thousand bad items is not told item by item. */
    private static final int MAX_TOLD = 50;

    private Violations() {}

    /**
     * @param parameterNames the wire name of a method's parameter by its index; null for the body
     */
    static ProblemException explain(
            ConstraintViolationException failure, IntFunction<@Nullable String> parameterNames) {
        List<Violation> told = failure.getConstraintViolations().stream()
                .map(v -> new Violation(field(v, parameterNames), v.getMessage()))
                .distinct()
                .sorted(Comparator.comparing(Violation::field).thenComparing(Violation::message))
                .limit(MAX_TOLD)
                .toList();
        return ProblemException.invalid(told);
    }

    /** Whether it is what a method of ours returned that is wrong, which is no fault of the caller's. */
    static boolean isOurs(ConstraintViolationException failure) {
        return failure.getConstraintViolations().stream()
                .anyMatch(v -> kinds(v.getPropertyPath()).contains(ElementKind.RETURN_VALUE));
    }

    private static List<ElementKind> kinds(Path path) {
        return StreamSupport.stream(path.spliterator(), false)
                .map(Path.Node::getKind)
                .toList();
    }

    private static String field(ConstraintViolation<?> violation, IntFunction<@Nullable String> parameterNames) {
        StringBuilder field = new StringBuilder();
        for (Path.Node node : violation.getPropertyPath()) {
            if (node.getKey() != null) {
                field.append('[').append(node.getKey()).append(']');
            } else if (node.getIndex() != null) {
                field.append('[').append(node.getIndex()).append(']');
            }
            String name = switch (node.getKind()) {
                case PARAMETER ->
                    parameterNames.apply(node.as(Path.ParameterNode.class).getParameterIndex());
                case PROPERTY -> node.getName();
                default -> null;
            };
            if (name != null) {
                field.append(field.isEmpty() ? "" : ".").append(name);
            }
        }
        return field.isEmpty() ? "body" : FieldNames.shown(field);
    }
}
