package dev.omni.edge;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.vertx.core.impl.VertxBuilder;
import io.vertx.core.impl.transports.JDKTransport;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.spi.VertxServiceProvider;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's sockets as Vert.x uses them anyway, but each connection that a server accepts gets a {@link ConnectionGuard}.
 * Vert.x shows a connection to others only with its first whole request, which is too late to have a deadline for it.
 */
public final class GuardedTransport extends JDKTransport {
    private static final String HTTP_DECODER = "httpDecoder";
    private static final String HTTP_HANDLER = "handler";

    private volatile @Nullable Supplier<ConnectionGuard> guards;

    /** Found by its name in META-INF/services. */
    public static final class Provider implements VertxServiceProvider {
        private static final Logger LOG = Logger.getLogger(GuardedTransport.class);

        @Override
        public void init(VertxBuilder builder) {
            if (builder.findTransport().getClass().equals(JDKTransport.class)) {
                builder.findTransport(new GuardedTransport());
            } else {
                LOG.warn("With a native transport nothing bounds how long a client takes for the head of a request.");
            }
        }
    }

    /** From now on, connections get a guard each. */
    void guard(Supplier<ConnectionGuard> each) {
        guards = each;
    }

    @Override
    public void configure(NetServerOptions options, boolean domainSocket, ServerBootstrap bootstrap) {
        super.configure(options, domainSocket, bootstrap);
        bootstrap.handler(new Acceptance());
    }

    /** Sees each new connection before it belongs to a server. */
    private final class Acceptance extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof Channel connection) {
                connection.pipeline().addLast(new Installation());
            }
            context.fireChannelRead(message);
        }
    }

    /** Waits until the server has made an HTTP connection of it, if it does; one with TLS is that only later. */
    private final class Installation extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRegistered(ChannelHandlerContext context) {
            Supplier<ConnectionGuard> supplier = guards;
            var pipeline = context.pipeline();
            if (supplier != null && pipeline.get(HTTP_DECODER) != null && pipeline.get(HTTP_HANDLER) != null) {
                ConnectionGuard guard = supplier.get();
                pipeline.addBefore(HTTP_DECODER, null, guard.bytes());
                pipeline.addBefore(HTTP_HANDLER, null, guard);
            }
            context.fireChannelRegistered();
            pipeline.remove(this);
        }
    }
}
