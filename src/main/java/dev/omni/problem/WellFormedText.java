package dev.omni.problem;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.Module;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.deser.std.StringDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON strings, refusing half of a surrogate pair: an escape can spell it, but no text that is sent or stored as UTF-8
 * can hold it, so that it would silently become a question mark.
 */
public final class WellFormedText extends StdScalarDeserializer<String> {
    private WellFormedText() {
        super(String.class);
    }

    /** For a mapper that reads what callers send. */
    public static Module module() {
        return new SimpleModule(WellFormedText.class.getName()).addDeserializer(String.class, new WellFormedText());
    }

    @Override
    public @Nullable String deserialize(JsonParser parser, DeserializationContext context) throws IOException {
        String text = StringDeserializer.instance.deserialize(parser, context);
        return text == null || isWellFormed(text)
                ? text
                : (String) context.handleWeirdStringValue(String.class, text, "half of a surrogate pair");
    }

    private static boolean isWellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(c)) {
                return false;
            }
        }
        return true;
    }
}
