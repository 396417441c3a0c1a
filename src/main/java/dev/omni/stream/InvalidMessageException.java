package dev.omni.stream;

/** A client's message is not one of the protocol. The text goes to the client and names the field. */
final class InvalidMessageException extends RuntimeException {
    InvalidMessageException(String message) {
        // An answer, not an accident: no stack trace.
        super(message, null, false, false);
    }

    String text() {
        return String.valueOf(getMessage());
    }
}
