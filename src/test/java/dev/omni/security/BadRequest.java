package dev.omni.security;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A request that is wrong, and what it must be answered with.
 *
 * @param code the problem's code; null where the HTTP server itself refuses what is no request at all
 * @param field what must be named as wrong; null where that cannot be said by field
 */
record BadRequest(
        String group,
        Request request,
        int status,
        @Nullable String code,
        @Nullable String field) {
    /** In the place of an id: of a sandbox, or of an ended job in it, that are the caller's. */
    static final String SANDBOX = "SANDBOX-ID";

    static final String JOB = "JOB-ID";

    @Override
    public String toString() {
        String body = request.body() == null ? "" : " " + request.body().toString(StandardCharsets.ISO_8859_1);
        String all = group + ": " + request.method() + " " + request.target() + " " + request.headers() + body;
        return all.length() > 150 ? all.substring(0, 150) + "… " + all.length() : all;
    }
}
