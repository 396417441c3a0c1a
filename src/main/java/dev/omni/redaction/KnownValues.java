package dev.omni.redaction;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** Values that are secret, and the forms in which each may turn up in a text. */
final class KnownValues {
    /** A shorter one is as likely a word of its own. */
    private static final int MIN_VALUE = 8;

    /** Of a longer one, its beginning is looked for. */
    static final int MAX_VALUE = 4096;

    /** Every value costs a search through every text. */
    private static final int MAX_VALUES = 64;

    /** A few characters of base64 are as likely part of something else. */
    private static final int MIN_ENCODED = 8;

    private record Forms(Set<String> values, List<String> forms) {}

    private final List<Supplier<? extends Collection<String>>> sources = new CopyOnWriteArrayList<>();
    private volatile Forms current = new Forms(Set.of(), List.of());

    void add(Supplier<? extends Collection<String>> source) {
        sources.add(source);
    }

    String scrub(String text) {
        return mask(text, forms());
    }

    /** Takes out values that only the caller knows to be secret. */
    static String scrub(String text, Collection<String> values) {
        return mask(text, formsOf(worthwhile(values)));
    }

    private List<String> forms() {
        List<String> all = new ArrayList<>();
        sources.forEach(source -> all.addAll(source.get()));
        Set<String> values = worthwhile(all);
        Forms known = current;
        if (!known.values().equals(values)) {
            known = new Forms(values, formsOf(values));
            current = known;
        }
        return known.forms();
    }

    private static Set<String> worthwhile(Collection<String> values) {
        Set<String> worthwhile = new LinkedHashSet<>();
        values.stream()
                .map(String::strip)
                .filter(value -> value.length() >= MIN_VALUE)
                .map(value -> value.length() > MAX_VALUE ? value.substring(0, MAX_VALUE) : value)
                .limit(MAX_VALUES)
                .forEach(worthwhile::add);
        return worthwhile;
    }

    /** The longest first, since one may be part of another. */
    private static List<String> formsOf(Set<String> values) {
        Set<String> forms = new LinkedHashSet<>();
        for (String value : values) {
            forms.add(value);
            forms.add(URLEncoder.encode(value, StandardCharsets.UTF_8));
            forms.add(URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20"));
            forms.add(value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"));
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            for (int shift = 0; shift < 3; shift++) {
                for (Base64.Encoder encoder : List.of(Base64.getEncoder(), Base64.getUrlEncoder())) {
                    String encoded = base64(encoder, bytes, shift);
                    if (encoded.length() >= MIN_ENCODED) {
                        forms.add(encoded);
                    }
                }
            }
        }
        return forms.stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .toList();
    }

    /**
     * What a value's base64 is when it stands behind so many other bytes (modulo 3), without the characters that depend on
     * its neighbours: so that {@code user:value} of a Basic header is found too.
     */
    private static String base64(Base64.Encoder encoder, byte[] value, int shift) {
        byte[] shifted = new byte[value.length + shift];
        Arrays.fill(shifted, 0, shift, (byte) 0);
        System.arraycopy(value, 0, shifted, shift, value.length);
        String encoded = encoder.withoutPadding().encodeToString(shifted);
        int first = shift == 0 ? 0 : shift + 1;
        int whole = shifted.length / 3 * 4;
        return encoded.substring(first, Math.max(first, whole));
    }

    private static String mask(String text, List<String> forms) {
        String masked = text;
        for (String form : forms) {
            // Looks before it copies: nearly always there is nothing.
            if (masked.contains(form)) {
                masked = masked.replace(form, Redaction.MASK);
            }
        }
        return masked;
    }
}
