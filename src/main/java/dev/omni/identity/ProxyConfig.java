package dev.omni.identity;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.List;
import java.util.Optional;

/** The proxies in front of the service, as far as they are believed about who calls. */
@ConfigMapping(prefix = "omni.proxy")
public interface ProxyConfig {
    /**
     * The networks of our own proxies, such as {@code 10.0.0.0/8}. What another peer says in a header is not looked at, and
     * without any network no header is.
     */
    Optional<List<Network>> trusted();

    /** Where the proxies write whom they were called by. Only this one is read: the other would be the caller's own. */
    @WithDefault("x-forwarded-for")
    Header header();

    /** The headers that proxies use. */
    enum Header {
        X_FORWARDED_FOR,
        FORWARDED
    }
}
