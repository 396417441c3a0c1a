package dev.omni.problem;

import jakarta.validation.Constraint;
import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.Payload;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.jspecify.annotations.Nullable;

/**
 * Text of printable characters of any script: no control characters (NUL above all), no line or paragraph separators, no
 * half of a surrogate pair. Null is valid, length is {@code @Size}'s business.
 */
@Documented
@Constraint(validatedBy = PlainText.Validator.class)
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.METHOD, ElementType.PARAMETER, ElementType.TYPE_USE, ElementType.ANNOTATION_TYPE
})
public @interface PlainText {
    String message() default "must not contain control characters";

    Class<?>[] groups() default {};

    Class<? extends Payload>[] payload() default {};

    /** Whether newlines, carriage returns and tabs are allowed. */
    boolean lines() default false;

    /** The rule behind the constraint. */
    final class Validator implements ConstraintValidator<PlainText, CharSequence> {
        private boolean lines;

        @Override
        public void initialize(PlainText constraint) {
            lines = constraint.lines();
        }

        @Override
        public boolean isValid(@Nullable CharSequence text, ConstraintValidatorContext context) {
            return text == null || isPlain(text, lines);
        }

        /** The rule itself, for text that no constraint can sit on. */
        public static boolean isPlain(CharSequence text, boolean lines) {
            return text.codePoints().allMatch(c -> switch (Character.getType(c)) {
                case Character.CONTROL -> lines && (c == '\n' || c == '\r' || c == '\t');
                case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> lines;
                case Character.SURROGATE -> false;
                default -> true;
            });
        }
    }
}
