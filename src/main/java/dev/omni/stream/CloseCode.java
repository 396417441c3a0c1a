package dev.omni.stream;

/** Every code the service closes a connection with, and the reason it sends along. */
enum CloseCode {
    /** The service is going down; another replica takes the connection at once. */
    GOING_AWAY(1001, "the server is draining, reconnect"),
    TOO_LARGE(1009, "the message is too large"),
    PROTOCOL(4400, "too many invalid messages in a row"),
    TOKEN(4401, "the token has expired"),
    NO_PONG(4408, "the pings were not answered"),
    SLOW_READER(4410, "the reader is too slow"),
    LIMIT(4429, "over a limit");

    private final int code;
    private final String reason;

    CloseCode(int code, String reason) {
        this.code = code;
        this.reason = reason;
    }

    int code() {
        return code;
    }

    String reason() {
        return reason;
    }
}
