package dev.omni.web;

import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Map;

/** The client of the live stream, for every web app that may call: an ES module and its types. */
@Singleton
class ClientModule {
    /** Public, and meant for pages of other sites, also isolated ones. */
    private static final Map.Entry<String, String> SHARED = Map.entry("Cross-Origin-Resource-Policy", "cross-origin");

    void register(@Observes Router router) {
        Asset.read("omni.js", Asset.SCRIPT)
                // Deno looks for the types here.
                .with(Map.ofEntries(SHARED, Map.entry("X-TypeScript-Types", "./omni.d.ts")))
                .serve(router, "/client/omni.js");
        Asset.read("omni.d.ts", "text/plain; charset=utf-8")
                .with(Map.ofEntries(SHARED))
                .serve(router, "/client/omni.d.ts");
    }
}
