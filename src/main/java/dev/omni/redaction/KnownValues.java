package dev.omni.redaction;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** Values that are secret, and the forms in which each may turn up in a text. */
final class KnownValues {
    /** A shorter one is as likely a word of its own. */
    private static final int MIN_VALUE = 8;

    /** Every value costs a search through every text. */
    private static final int MAX_VALUES = 64;

    /** A few characters of base64 are as likely part of something else. */
    private static final int MIN_ENCODED = 8;

    private static final Logger LOG = Logger.getLogger(KnownValues.class);

    private record Forms(Set<String> values, List<Needle> needles) {}

    private final AtomicBoolean toldOfTooMany = new AtomicBoolean();
    private final List<Supplier<? extends Collection<String>>> sources = new CopyOnWriteArrayList<>();
    private volatile Forms current = new Forms(Set.of(), List.of());

    void add(Supplier<? extends Collection<String>> source) {
        sources.add(source);
    }

    String scrub(String text) {
        return mask(text, needles());
    }

    /**
     * Takes out values that only the caller knows to be secret, as they are or inside of quotes. Whoever sends the text may
     * have chosen them, so that there are no more searches than for what each of them needs.
     */
    static String scrub(String text, Collection<String> values) {
        Set<String> forms = new LinkedHashSet<>();
        worthwhile(values).limit(MAX_VALUES).forEach(value -> {
            forms.add(value);
            forms.add(quoted(value));
        });
        return mask(text, longestFirst(forms));
    }

    private List<Needle> needles() {
        Set<String> values = new LinkedHashSet<>();
        sources.forEach(source -> worthwhile(source.get()).forEach(values::add));
        Forms known = current;
        if (!known.values().equals(values)) {
            known = new Forms(values, formsOf(values.stream().limit(MAX_VALUES).toList()));
            current = known;
            if (values.size() > MAX_VALUES && toldOfTooMany.compareAndSet(false, true)) {
                LOG.errorf("%d values are secret, and only %d of them are looked for", values.size(), MAX_VALUES);
            }
        }
        return known.needles();
    }

    private static Stream<String> worthwhile(Collection<String> values) {
        return values.stream()
                .map(String::strip)
                .filter(value -> value.length() >= MIN_VALUE)
                .distinct();
    }

    private static List<Needle> formsOf(Collection<String> values) {
        Set<String> forms = new LinkedHashSet<>();
        for (String value : values) {
            forms.add(value);
            forms.add(URLEncoder.encode(value, StandardCharsets.UTF_8));
            forms.add(URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20"));
            forms.add(quoted(value));
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
        return longestFirst(forms);
    }

    private static String quoted(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    /** The longest first, since one may be part of another. */
    private static List<Needle> longestFirst(Collection<String> forms) {
        return forms.stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .map(Needle::new)
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

    private static String mask(String text, List<Needle> needles) {
        String masked = text;
        for (Needle needle : needles) {
            masked = needle.maskIn(masked);
        }
        return masked;
    }
}
