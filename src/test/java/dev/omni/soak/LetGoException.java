package dev.omni.soak;

import java.io.IOException;

/** The reader itself has cut its connection. */
final class LetGoException extends IOException {}
