package dev.omni.limit;

import com.fasterxml.jackson.annotation.JsonProperty;

/** One bucket for each user, or each address, that a call of the policy takes a token from. */
record Limit(Policy policy, Per per, Rate rate) {
    /** Whose calls are counted together. */
    enum Per {
        @JsonProperty("user")
        USER,
        @JsonProperty("address")
        ADDRESS
    }

    /** Its name in the {@code RateLimit} headers. */
    String name() {
        return switch (per) {
            case USER -> policy.label();
            case ADDRESS -> policy == Policy.EDGE ? policy.label() : policy.label() + "-address";
        };
    }
}
