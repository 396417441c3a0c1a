package dev.omni.identity;

import io.netty.util.NetUtil;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds out where a call comes from. A proxy appends whom it was called by to what the caller sent, so the header is read
 * from its end, and believed for as long as one of our own proxies wrote it: the first address that is none of theirs is the
 * client's. Whatever the client itself put before that is never looked at.
 */
@ApplicationScoped
public class ClientAddresses {
    /** More proxies than anybody has; what stands before is not looked at. */
    private static final int MAX_HOPS = 16;

    private static final String FOR = "for=";

    private final List<Network> trusted;
    private final ProxyConfig.Header header;

    ClientAddresses(ProxyConfig config) {
        this.trusted = config.trusted().orElse(List.of());
        this.header = config.header();
    }

    /** Where the request comes from, by the socket and what our own proxies say. */
    public ClientAddress of(HttpServerRequest request) {
        // Not the request's own remoteAddress(), which the server may have taken from a header.
        SocketAddress peer = request.connection().remoteAddress();
        InetAddress address = peer == null ? null : address(peer.hostAddress());
        if (address == null) {
            return ClientAddress.NONE;
        }
        if (!isTrusted(address)) {
            return ClientAddress.of(address);
        }
        return ClientAddress.of(
                switch (header) {
                    case X_FORWARDED_FOR ->
                        client(address, entries(request.headers().getAll("X-Forwarded-For")), false);
                    case FORWARDED -> client(address, entries(request.headers().getAll("Forwarded")), true);
                });
    }

    private InetAddress client(InetAddress peer, Iterator<String> fromTheEnd, boolean forwarded) {
        InetAddress client = peer;
        while (isTrusted(client) && fromTheEnd.hasNext()) {
            String entry = fromTheEnd.next();
            InetAddress before = address(forwarded ? node(entry) : entry);
            if (before == null) {
                // Not known further: who is known last stands for all behind it.
                return client;
            }
            client = before;
        }
        return client;
    }

    private boolean isTrusted(InetAddress address) {
        for (Network network : trusted) {
            if (network.holds(address)) {
                return true;
            }
        }
        return false;
    }

    /** The entries of all lines of a header, the last one first. */
    private static Iterator<String> entries(List<String> lines) {
        List<String> entries = new ArrayList<>();
        for (int line = lines.size() - 1; line >= 0; line--) {
            String text = lines.get(line);
            int end = text.length();
            while (end >= 0 && entries.size() < MAX_HOPS) {
                int start = text.lastIndexOf(',', end - 1);
                entries.add(text.substring(start + 1, end).strip());
                end = start;
            }
        }
        return entries.iterator();
    }

    /** The {@code for} of an element of {@code Forwarded}. */
    private static @Nullable String node(String element) {
        for (String pair : element.split(";", -1)) {
            String stripped = pair.strip();
            if (stripped.regionMatches(true, 0, FOR, 0, FOR.length())) {
                String node = stripped.substring(FOR.length());
                return node.length() > 1 && node.startsWith("\"") && node.endsWith("\"")
                        ? node.substring(1, node.length() - 1)
                        : node;
            }
        }
        return null;
    }

    /** Reads a literal, with a port or without; null for everything else: a name is not worth a lookup. */
    static @Nullable InetAddress address(@Nullable String text) {
        if (text == null) {
            return null;
        }
        String host = text;
        if (text.startsWith("[")) {
            int end = text.indexOf(']');
            host = end > 0 && isPort(text.substring(end + 1)) ? text.substring(1, end) : "";
        } else if (text.indexOf('.') > 0 && text.indexOf(':') == text.lastIndexOf(':') && text.indexOf(':') > 0) {
            int colon = text.indexOf(':');
            host = isPort(text.substring(colon)) ? text.substring(0, colon) : "";
        }
        return host.isEmpty() ? null : NetUtil.createInetAddressFromIpAddressString(host);
    }

    private static boolean isPort(String text) {
        return text.isEmpty() || text.matches(":\\d{1,5}");
    }
}
