package dev.omni.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FingerprintTest {
    @Test
    void isTheSameForTheSamePartsInEveryRelease() {
        // Names of sandboxes that live for months are made of it: this value must never change.
        assertThat(Fingerprint.of("test", "alice", "default")).isEqualTo("15bd32db3cf788f5ddfe54c284b4af47");
    }

    @Test
    void isAnotherWhereTheSameTextIsCutElsewhere() {
        assertThat(Fingerprint.of("ab", "c")).isNotEqualTo(Fingerprint.of("a", "bc"));
        assertThat(Fingerprint.of("abc")).isNotEqualTo(Fingerprint.of("abc", ""));
    }

    @Test
    void readsTextAsUtf8() {
        assertThat(Fingerprint.of("ü")).hasSize(32).isNotEqualTo(Fingerprint.of("u"));
    }
}
