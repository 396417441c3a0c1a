package dev.omni.stream;

import io.smallrye.mutiny.Uni;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * A connection's received messages: taken at a bounded rate, kept in a bounded queue, handled one at a time and in order.
 * The socket's callback ends as soon as a message is in here, since the framework would queue what comes meanwhile without
 * a bound. Confined to the connection's event loop.
 */
final class Inbox {
    private final StreamConfig config;
    private final Executor loop;
    private final Function<String, Uni<Void>> handler;
    private final TokenBucket rate;
    private final Queue<String> waiting = new ArrayDeque<>();
    private int waitingCharacters;
    private boolean busy;

    /** @param handler handles one message; never fails */
    Inbox(StreamConfig config, Executor loop, Function<String, Uni<Void>> handler) {
        this.config = config;
        this.loop = loop;
        this.handler = handler;
        this.rate = new TokenBucket(config.messageBurst(), config.messagesPerSecond(), System.nanoTime());
    }

    /** Whether a frame that waits for nothing is within the rate that its kind shares with messages. */
    boolean admits() {
        return rate.tryTake(System.nanoTime());
    }

    /** Takes a message, or says that the client is over a limit. */
    boolean offer(String text) {
        if (!admits()
                || waiting.size() >= config.maxPendingMessages()
                || waitingCharacters + text.length() > config.maxPendingCharacters()) {
            return false;
        }
        waiting.add(text);
        waitingCharacters += text.length();
        if (!busy) {
            busy = true;
            next();
        }
        return true;
    }

    void clear() {
        waiting.clear();
        waitingCharacters = 0;
    }

    private void next() {
        String text = waiting.poll();
        if (text == null) {
            busy = false;
            return;
        }
        waitingCharacters -= text.length();
        handler.apply(text).emitOn(loop).subscribe().with(handled -> next(), failure -> next());
    }
}
