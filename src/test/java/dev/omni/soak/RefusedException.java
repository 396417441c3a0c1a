package dev.omni.soak;

import java.io.IOException;

/** The connection did not come about: there is none to be cut. */
final class RefusedException extends IOException {
    RefusedException(String why) {
        super(why);
    }
}
