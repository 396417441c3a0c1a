package dev.omni.web;

import io.quarkus.arc.profile.IfBuildProfile;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Map;

/** A page to try the service with, which signs in with the developer's token. No other build has it. */
@Singleton
@IfBuildProfile(anyOf = {"dev", "test"})
class Console {
    /** Nothing but the service's own files, and no code or style inside the page. */
    private static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

    void register(@Observes Router router) {
        Asset.read("console/index.html", "text/html; charset=utf-8")
                .with(HEADERS)
                .serve(router, "/");
        Asset.read("console/console.css", "text/css; charset=utf-8").serve(router, "/console/console.css");
        Asset.read("console/icon.svg", "image/svg+xml").serve(router, "/console/icon.svg");
        for (String script : new String[] {"console.js", "screen.js"}) {
            Asset.read("console/" + script, Asset.SCRIPT).serve(router, "/console/" + script);
        }
    }
}
