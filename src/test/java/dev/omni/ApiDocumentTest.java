package dev.omni;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The published API document says of every operation what a client must know. */
@QuarkusTest
class ApiDocumentTest {
    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch");

    /** One operation of the document. */
    private record Op(String path, String method, JsonNode node) {
        boolean isApi() {
            return path.startsWith("/api/");
        }

        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    private JsonNode api = NullNode.getInstance();

    @BeforeEach
    void readDocument() throws IOException {
        String json = given().get("/q/openapi?format=json")
                .then()
                .statusCode(200)
                .extract()
                .asString();
        api = JsonMapper.builder().build().readTree(json);
    }

    @Test
    void everyOperationHasANameAndASummary() {
        SoftAssertions softly = new SoftAssertions();
        List<String> names = new ArrayList<>();
        for (Op op : operations()) {
            softly.assertThat(op.node().path("summary").asText())
                    .as("%s summary", op)
                    .isNotBlank();
            softly.assertThat(op.node().path("operationId").asText())
                    .as("%s operationId", op)
                    .isNotBlank();
            names.add(op.node().path("operationId").asText());
        }
        softly.assertThat(names).doesNotHaveDuplicates();
        softly.assertAll();
    }

    @Test
    void everyBodyHasAnExample() {
        SoftAssertions softly = new SoftAssertions();
        for (Op op : operations()) {
            for (JsonNode content : op.node().path("requestBody").path("content")) {
                JsonNode schema = resolve(content.path("schema"));
                softly.assertThat(content.has("example")
                                || content.has("examples")
                                || schema.has("example")
                                || schema.has("examples"))
                        .as("%s has an example of its body", op)
                        .isTrue();
            }
        }
        softly.assertAll();
    }

    @Test
    void everyApiOperationNeedsATokenAndTellsHowItFails() {
        SoftAssertions softly = new SoftAssertions();
        for (Op op : operations()) {
            if (!op.isApi()) {
                continue;
            }
            softly.assertThat(op.node().path("security").toString())
                    .as("%s security", op)
                    .contains("bearer");
            List<String> statuses = new ArrayList<>(List.of("400", "401", "403", "429", "500", "502", "503", "504"));
            if (op.path().contains("{")) {
                statuses.add("404");
            }
            if (op.node().has("requestBody")) {
                statuses.addAll(List.of("413", "415"));
            }
            for (String status : statuses) {
                // The calls of the old server fail in its envelope, once they are read at all.
                String form = op.path().startsWith("/api/v1/") || status.equals("413")
                        ? "application/problem+json"
                        : "application/json";
                JsonNode response = resolve(op.node().path("responses").path(status));
                softly.assertThat(response.path("content").has(form))
                        .as("%s tells of %s", op, status)
                        .isTrue();
            }
        }
        softly.assertAll();
    }

    @Test
    void everyAnswerCarriesTheRequestId() {
        SoftAssertions softly = new SoftAssertions();
        for (Op op : operations()) {
            op.node()
                    .path("responses")
                    .forEach(response -> softly.assertThat(
                                    resolve(response).path("headers").has("X-Request-Id"))
                            .as("%s answers with X-Request-Id", op)
                            .isTrue());
        }
        softly.assertAll();
    }

    /** A schema's pattern is looked for anywhere in a text, unless it says otherwise. */
    @Test
    void everyPatternIsOneOfTheWholeText() {
        List<String> patterns = api.findValuesAsText("pattern").stream()
                // Not blank: something to see, anywhere.
                .filter(pattern -> !pattern.equals("\\S"))
                .toList();
        assertThat(patterns).isNotEmpty().allMatch(pattern -> pattern.startsWith("^") && pattern.endsWith("$"));
    }

    @Test
    void theProblemAndTheTokenAreDescribed() {
        JsonNode components = api.path("components");
        assertThat(components.at("/securitySchemes/bearer/scheme").asText()).isEqualTo("bearer");
        assertThat(components.at("/schemas/Problem/properties/code").isObject()).isTrue();
        assertThat(components.at("/responses/Problem404/content").fieldNames())
                .toIterable()
                .containsExactly("application/problem+json");
        assertThat(api.at("/info/title").asText()).isEqualTo("Omni");
    }

    /** Those of the service; resources of tests are no part of its API. */
    private List<Op> operations() {
        List<Op> operations = new ArrayList<>();
        api.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().forEach(method -> {
                    if (METHODS.contains(method.getKey()) && !path.getKey().startsWith("/test-")) {
                        operations.add(new Op(path.getKey(), method.getKey(), method.getValue()));
                    }
                }));
        assertThat(operations).isNotEmpty();
        return operations;
    }

    private JsonNode resolve(JsonNode node) {
        return node.has("$ref") ? api.at(node.path("$ref").asText().substring(1)) : node;
    }
}
