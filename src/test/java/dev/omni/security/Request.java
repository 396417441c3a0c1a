package dev.omni.security;

import dev.omni.RawHttp;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A request as the bytes it is made of, so that it can be wrong in every way. */
record Request(
        String method,
        String target,
        List<String> headers,
        @Nullable Buffer body) {
    static Request call(String method, String target) {
        return new Request(method, target, List.of(), null);
    }

    static Request get(String target) {
        return call("GET", target);
    }

    static Request post(String target) {
        return call("POST", target);
    }

    Request json(String body) {
        return header("Content-Type: application/json").body(body);
    }

    Request json(byte[] body) {
        return header("Content-Type: application/json").body(body);
    }

    Request body(String text) {
        // Half a surrogate pair has no bytes in UTF-8; whoever means one writes the bytes.
        return body(text.getBytes(StandardCharsets.UTF_8));
    }

    Request body(byte[] bytes) {
        return new Request(method, target, headers, Buffer.buffer(bytes));
    }

    Request header(String line) {
        List<String> more = new ArrayList<>(headers);
        more.add(line);
        return new Request(method, target, List.copyOf(more), body);
    }

    Request bearer(String token) {
        return header("Authorization: Bearer " + token);
    }

    Request at(String otherTarget) {
        return new Request(method, otherTarget, headers, body);
    }

    Answer send() {
        return Answer.parse(RawHttp.exchange(bytes()));
    }

    private byte[] bytes() {
        StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\n");
        if (!names("host")) {
            head.append("Host: localhost\r\n");
        }
        if (body != null && !names("content-length") && !names("transfer-encoding")) {
            head.append("Content-Length: ").append(body.length()).append("\r\n");
        }
        headers.forEach(line -> head.append(line).append("\r\n"));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(head.append("Connection: close\r\n\r\n").toString().getBytes(StandardCharsets.UTF_8));
        bytes.writeBytes(body == null ? new byte[0] : body.getBytes());
        return bytes.toByteArray();
    }

    boolean names(String header) {
        return headers.stream().anyMatch(line -> line.toLowerCase(Locale.ROOT).startsWith(header + ":"));
    }

    String query() {
        int question = target.indexOf('?');
        return question < 0 ? "" : target.substring(question + 1);
    }
}
