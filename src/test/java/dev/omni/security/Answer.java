package dev.omni.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What came back for a request, down to its header lines. */
record Answer(int status, List<String> headers, String body) {
    private static final JsonMapper JSON = new JsonMapper();

    /** What every answer carries, whatever it is. */
    private static final List<String> SECURE = List.of(
            "X-Content-Type-Options: nosniff",
            "Cache-Control: no-store",
            "Referrer-Policy: no-referrer",
            "X-Frame-Options: DENY");

    /** Words of our insides. */
    private static final String[] INSIDES = {
        "Exception",
        "dev.omni",
        "java.",
        "jakarta.",
        "io.quarkus",
        "io.vertx",
        "com.fasterxml",
        "org.jose4j",
        "\tat ",
        "SRJWT"
    };

    static Answer parse(String text) {
        int end = text.indexOf("\r\n\r\n");
        assertThat(end).as("the end of a head in: %s", text).isPositive();
        List<String> lines =
                new ArrayList<>(Arrays.asList(text.substring(0, end).split("\r\n")));
        String[] first = lines.removeFirst().split(" ", 3);
        return new Answer(Integer.parseInt(first[1]), List.copyOf(lines), text.substring(end + 4));
    }

    List<String> values(String name) {
        return headers.stream()
                .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                .map(line -> line.substring(name.length() + 1).strip())
                .toList();
    }

    String requestId() {
        return String.join(" and ", values("X-Request-Id"));
    }

    JsonNode json() {
        try {
            return body.isEmpty() ? MissingNode.getInstance() : JSON.readTree(body);
        } catch (JsonProcessingException e) {
            throw new AssertionError("no JSON: " + body, e);
        }
    }

    /** The stable code, which the old calls tell among their details. */
    String code() {
        return json().path("code").asText(json().at("/error/details/code").asText());
    }

    List<String> fields() {
        JsonNode problem = json();
        JsonNode violations =
                problem.has("error") ? problem.at("/error/details/violations") : problem.path("violations");
        return violations.findValuesAsText("field");
    }

    /** It is the document that every refusal is answered with, whole. */
    Answer isProblem(int expectedStatus, String expectedCode) {
        assertThat(status + " " + code())
                .as("status and code of %s", this)
                .isEqualTo(expectedStatus + " " + expectedCode);
        JsonNode problem = json();
        String type = String.join(" and ", values("Content-Type"));
        if (problem.has("error")) {
            assertThat(type).isEqualTo("application/json");
            assertThat(problem.at("/error/details/requestId").asText()).isEqualTo(requestId());
            assertThat(problem.at("/error/message").asText()).isNotBlank();
        } else {
            assertThat(type).isEqualTo("application/problem+json");
            assertThat(problem.path("status").asInt()).isEqualTo(status);
            assertThat(problem.path("type").asText()).isEqualTo("urn:omni:problem:" + expectedCode);
            assertThat(problem.path("title").asText()).isNotBlank();
            assertThat(problem.path("detail").asText()).isNotBlank();
            assertThat(problem.path("instance").asText()).startsWith("/");
            assertThat(problem.path("requestId").asText()).isEqualTo(requestId());
        }
        assertThat(requestId()).matches("[A-Za-z0-9._-]{1,128}");
        assertThat(headers).containsAll(SECURE);
        switch (status) {
            case 401 -> assertThat(values("WWW-Authenticate")).containsExactly("Bearer");
            case 405 -> assertThat(values("Allow")).hasSize(1);
            case 413 -> assertThat(values("Connection")).containsExactly("close");
            default -> {}
        }
        return this;
    }

    /** It says nothing that only we should know. */
    Answer tellsNothing(String... secrets) {
        assertThat(body).hasSizeLessThan(32_000).doesNotContain(INSIDES);
        for (String secret : secrets) {
            assertThat(body).doesNotContain(secret);
        }
        assertThat(headers)
                .noneMatch(line -> line.regionMatches(true, 0, "Server:", 0, 7))
                .noneMatch(line -> line.regionMatches(true, 0, "X-Powered-By:", 0, 13));
        return this;
    }
}
