package dev.omni.report;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.vertx.core.http.HttpClosedException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/** Failures that are part of every day: refusals, a platform that is away or busy, clients that hang up. */
final class Expected {
    private static final int MAX_CHAIN = 32;

    private Expected() {}

    static boolean is(@Nullable Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < MAX_CHAIN; depth++) {
            if (isItself(cause)) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    private static boolean isItself(Throwable failure) {
        return switch (failure) {
            case ProblemException problem -> problem.code() != ProblemCode.INTERNAL_ERROR;
            case HttpClosedException gone -> true;
            case ClosedChannelException gone -> true;
            case TooLongFrameException abuse -> true;
            case CorruptedWebSocketFrameException abuse -> true;
            case IOException broken -> isDisconnect(String.valueOf(broken.getMessage()));
            default -> false;
        };
    }

    private static boolean isDisconnect(String message) {
        return message.contains("Connection reset") || message.contains("Broken pipe");
    }
}
