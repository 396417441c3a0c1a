package dev.omni.edge;

import dev.omni.problem.ProblemCode;
import dev.omni.problem.ProblemException;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Watches one HTTP connection, where Vert.x itself would wait for ever, queue without a bound, or refuse without a word:
 *
 * <pre>
 *   opened ──▶ HEAD ──▶ BODY ──▶ BETWEEN ──▶ HEAD …         upgraded to a WebSocket: no longer watched
 *               │        │
 *               └────────┴──▶ REFUSED ──▶ closed            not whole in time, no HTTP, or too many unanswered
 * </pre>
 *
 * <p>Lives on the connection's event loop. Has a part before the decoder, which sees bytes that are no request yet, and one
 * behind it.
 */
@SuppressWarnings("FutureReturnValueIgnored") // Netty's own; where writing or closing fails, the connection is gone.
final class ConnectionGuard extends ChannelDuplexHandler {
    private static final Logger LOG = Logger.getLogger(ConnectionGuard.class);

    /** Nobody pipelines today; who does and reads no answers would have them queued in memory. */
    private static final int MAX_UNANSWERED = 32;

    /** How long what still comes is thrown away, so that the client gets to read why: closing at once could take that along. */
    private static final long LINGER_MILLIS = 1_000;

    private enum State {
        /** Some bytes of a head have come, or the connection is new. */
        HEAD,
        /** The head was whole, the body is not. */
        BODY,
        /** Nothing of the next request has come. */
        BETWEEN,
        REFUSED
    }

    private final BareAnswers answers;
    private final EdgeConfig config;
    private final ChannelHandler bytes = new Bytes();

    private State state = State.HEAD;
    private boolean silent = true;
    private @Nullable Future<?> clock;
    private long bodySince;
    private long bodyBytes;
    private int unanswered;
    private boolean answering;

    ConnectionGuard(BareAnswers answers, EdgeConfig config) {
        this.answers = answers;
        this.config = config;
    }

    /** The part that stands before the decoder. */
    ChannelHandler bytes() {
        return bytes;
    }

    private final class Bytes extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (state == State.BETWEEN) {
                state = State.HEAD;
            }
            silent = false;
            context.fireChannelRead(message);
            // Most requests come in one piece, and never need a clock.
            switch (state) {
                case HEAD -> startClock(context, config.headTimeout());
                case BODY -> startClock(context, config.bodyTimeout());
                case BETWEEN, REFUSED -> {}
            }
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        startClock(context, config.headTimeout());
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        stopClock();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        stopClock();
        context.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (state == State.REFUSED) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof HttpRequest request && !begin(context, request)) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof HttpContent content) {
            bodyBytes += content.content().readableBytes();
        }
        if (message instanceof LastHttpContent) {
            stopClock();
            state = State.BETWEEN;
        }
        context.fireChannelRead(message);
    }

    /** Whether Vert.x may have it. */
    private boolean begin(ChannelHandlerContext context, HttpRequest request) {
        stopClock();
        state = State.BODY;
        bodySince = System.nanoTime();
        bodyBytes = 0;
        ProblemException refusal = judge(request);
        // Behind requests that still wait for theirs, it is Vert.x that must answer in turn.
        if (refusal != null && unanswered == 0) {
            refuse(context, refusal);
            return false;
        }
        unanswered++;
        if (unanswered > MAX_UNANSWERED) {
            cut(context, "sends requests and reads no answers");
            return false;
        }
        return true;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (state == State.REFUSED) {
            ReferenceCountUtil.release(message);
            promise.tryFailure(new ClosedChannelException());
            return;
        }
        if (message instanceof HttpResponse response) {
            if (response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
                context.write(message, promise);
                context.pipeline().remove(bytes);
                context.pipeline().remove(this);
                return;
            }
            if (response.status().codeClass() == HttpStatusClass.INFORMATIONAL) {
                context.write(message, promise);
                return;
            }
            answering = true;
        }
        if (message instanceof LastHttpContent) {
            answering = false;
            ChannelPromise answered = promise.unvoid();
            answered.addListener(written -> unanswered--);
            context.write(message, answered);
        } else {
            context.write(message, promise);
        }
    }

    private static @Nullable ProblemException judge(HttpRequest request) {
        Throwable failure = request.decoderResult().cause();
        if (failure instanceof TooLongHttpLineException) {
            return new ProblemException(
                    ProblemCode.URI_TOO_LONG, "The first line of the request is longer than is read here.");
        }
        if (failure instanceof TooLongHttpHeaderException) {
            return new ProblemException(ProblemCode.HEADERS_TOO_LARGE, "The headers are larger than is read here.");
        }
        if (failure != null || request.headers().contains("")) {
            return new ProblemException(
                    ProblemCode.MALFORMED_REQUEST, "The first line or a header cannot be understood.");
        }
        HttpVersion version = request.protocolVersion();
        if (!version.equals(HttpVersion.HTTP_1_1) && !version.equals(HttpVersion.HTTP_1_0)) {
            return new ProblemException(ProblemCode.MALFORMED_REQUEST, "HTTP/1.1 is spoken here.");
        }
        if (!isPlain(request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING))) {
            // Two readers that take it for something else each would not agree on where the request ends.
            return new ProblemException(
                    ProblemCode.MALFORMED_REQUEST, "The only transfer coding that is read here is chunked.");
        }
        return isPercentEncoded(request.uri())
                ? null
                : new ProblemException(ProblemCode.MALFORMED_REQUEST, "The percent-encoding of the address is broken.");
    }

    private static boolean isPlain(List<String> transferCodings) {
        return transferCodings.isEmpty()
                || (transferCodings.size() == 1
                        && transferCodings.getFirst().strip().equalsIgnoreCase("chunked"));
    }

    private static boolean isPercentEncoded(String uri) {
        for (int i = uri.indexOf('%'); i >= 0; i = uri.indexOf('%', i + 3)) {
            if (i + 2 >= uri.length() || !isHex(uri.charAt(i + 1)) || !isHex(uri.charAt(i + 2))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isHex(char c) {
        return c < 128 && Character.digit(c, 16) >= 0;
    }

    private void startClock(ChannelHandlerContext context, Duration time) {
        if (clock == null) {
            clock = context.executor()
                    .schedule(() -> late(context.pipeline().context(this)), time.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void stopClock() {
        if (clock != null) {
            clock.cancel(false);
            clock = null;
        }
    }

    private void late(@Nullable ChannelHandlerContext context) {
        clock = null;
        if (context == null) {
            return;
        }
        switch (state) {
            case HEAD -> lateHead(context);
            case BODY -> lateBody(context);
            case BETWEEN, REFUSED -> {}
        }
    }

    private void lateHead(ChannelHandlerContext context) {
        if (unanswered > 0) {
            // Who waits for an answer has another thing to wait for than its own next request.
            startClock(context, config.headTimeout());
        } else if (silent) {
            // A browser keeps connections ready, and would take an answer for that of its next request.
            cut(context, "never sent a request");
        } else {
            refuse(context, new ProblemException(ProblemCode.REQUEST_TIMEOUT, "The headers did not arrive in time."));
        }
    }

    private void lateBody(ChannelHandlerContext context) {
        if (!context.channel().config().isAutoRead()) {
            // It is this service that does not read.
            bodySince = System.nanoTime();
            bodyBytes = 0;
        }
        long earned = TimeUnit.SECONDS.toNanos(bodyBytes)
                / Math.max(1, config.bodyMinimumRate().asLongValue());
        Duration left = config.bodyTimeout().plusNanos(earned).minusNanos(System.nanoTime() - bodySince);
        if (left.isPositive()) {
            startClock(context, left);
        } else if (unanswered == 1 && !answering) {
            refuse(context, new ProblemException(ProblemCode.REQUEST_TIMEOUT, "The body did not arrive in time."));
        } else {
            cut(context, "sends a body too slowly");
        }
    }

    private void cut(ChannelHandlerContext context, String why) {
        LOG.debugf("Cut a client that %s", why);
        stopClock();
        state = State.REFUSED;
        context.close();
    }

    private void refuse(ChannelHandlerContext context, ProblemException refusal) {
        LOG.debugf("Refused: %s: %s", refusal.code().code(), refusal.detail());
        stopClock();
        state = State.REFUSED;
        context.channel().config().setAutoRead(true);
        context.writeAndFlush(answers.of(refusal)).addListener((ChannelFutureListener) written -> {
            if (written.isSuccess() && context.channel() instanceof DuplexChannel channel) {
                channel.shutdownOutput();
                context.executor().schedule(() -> context.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
            } else {
                context.close();
            }
        });
    }
}
