package dev.omni.security;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Every field of every body that the API document knows, with every kind of value that it is not. A field that is added to
 * the API is in here by itself.
 */
final class SchemaCorpus {
    private static final JsonMapper JSON = new JsonMapper();

    /** Values by the type that they are of. A whole number is also what a number is, and not the other way round. */
    private static final Map<String, List<String>> VALUES = Map.of(
            "string", List.of("\"hush\"", "\"1\"", "\"true\"", "\"\""),
            "integer", List.of("0", "1", "-1"),
            "number", List.of("1.5", "1e400"),
            "boolean", List.of("true", "false"),
            "array", List.of("[]", "[\"hush\"]", "[[]]", "[null]"),
            "object", List.of("{}", "{\"hush\":\"hush\"}"));

    private final JsonNode document;
    private final List<BadRequest> corpus = new ArrayList<>();

    private SchemaCorpus(JsonNode document) {
        this.document = document;
    }

    /** @param document the API document, as JSON */
    static List<BadRequest> all(JsonNode document) {
        var schemas = new SchemaCorpus(document);
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().forEach(operation -> {
                    JsonNode content = operation.getValue().at("/requestBody/content/application~1json");
                    if (!path.getKey().startsWith("/test-") && !content.isMissingNode()) {
                        schemas.operation(path.getKey(), operation.getKey(), content);
                    }
                }));
        return List.copyOf(schemas.corpus);
    }

    private void operation(String path, String method, JsonNode content) {
        JsonNode schema = resolve(content.path("schema"));
        Request request = Request.call(
                method.toUpperCase(Locale.ROOT),
                path.replace("{sandboxId}", BadRequest.SANDBOX).replace("{jobId}", BadRequest.JOB));
        schema.path("properties")
                .properties()
                .forEach(property -> field(
                        request,
                        resolve(property.getValue()),
                        example(content, schema, property.getKey()),
                        List.of(property.getKey())));
    }

    /** A body that is right, with the field if one has it, so that what is refused is the one value that is wrong. */
    private static ObjectNode example(JsonNode content, JsonNode schema, String field) {
        List<JsonNode> examples = new ArrayList<>();
        content.path("examples").forEach(one -> examples.add(one.path("value")));
        schema.path("examples").forEach(examples::add);
        JsonNode example = examples.stream()
                .filter(one -> one.toString().contains(field))
                .findFirst()
                .orElseGet(examples::getFirst);
        try {
            return (ObjectNode) (example.isTextual() ? JSON.readTree(example.asText()) : example);
        } catch (JsonProcessingException e) {
            throw new AssertionError("an example that is no JSON: " + example, e);
        }
    }

    private void fields(Request request, JsonNode schema, ObjectNode example, List<String> path) {
        schema.path("properties").properties().forEach(property -> {
            List<String> there = new ArrayList<>(path);
            there.add(property.getKey());
            field(request, resolve(property.getValue()), example, there);
        });
    }

    private void field(Request request, JsonNode schema, ObjectNode example, List<String> path) {
        List<String> types = types(schema);
        String name = String.join(".", path);
        VALUES.forEach((type, values) -> {
            boolean isNumber = type.equals("integer") && types.contains("number");
            if (!types.contains(type) && !isNumber) {
                values.forEach(value -> bad(request, example, path, value, name));
            }
        });
        if (types.contains("string")) {
            if (schema.has("maxLength")) {
                bad(
                        request,
                        example,
                        path,
                        '"' + "a".repeat(schema.path("maxLength").asInt() + 1) + '"',
                        name);
            }
            if (schema.path("minLength").asInt() > 0) {
                bad(request, example, path, "\"\"", name);
            }
        }
        if (types.contains("integer")) {
            if (schema.has("minimum")) {
                bad(request, example, path, schema.path("minimum").asLong() - 1 + "", name);
            }
            if (schema.has("maximum")) {
                bad(request, example, path, schema.path("maximum").asLong() + 1 + "", name);
            }
            bad(request, example, path, "99999999999999999999", name);
        }
        if (types.contains("array")) {
            List<String> items = types(resolve(schema.path("items")));
            VALUES.forEach((type, values) -> {
                if (!items.contains(type)) {
                    values.forEach(value -> bad(request, example, path, "[" + value + "]", name + "[0]"));
                }
            });
        }
        JsonNode values = schema.path("additionalProperties");
        if (values.isObject()) {
            List<String> there = new ArrayList<>(path);
            there.add("A");
            VALUES.forEach((type, wrong) -> {
                if (!types(resolve(values)).contains(type)) {
                    wrong.forEach(value -> bad(request, example, there, value, name + ".A"));
                }
            });
            bad(request, example, there, "null", name + "[A]");
        }
        fields(request, schema, example, path);
    }

    private void bad(Request request, ObjectNode example, List<String> path, String value, String field) {
        String body = with(example, path, value);
        corpus.add(new BadRequest("a field of another type", request.json(body), 400, "validation_failed", field));
    }

    /** The example with one value in the place of another. As text, since some values are none that a tree can hold. */
    private static String with(ObjectNode example, List<String> path, String value) {
        ObjectNode body = example.deepCopy();
        ObjectNode parent = body;
        for (String step : path.subList(0, path.size() - 1)) {
            parent = parent.path(step).isObject() ? (ObjectNode) parent.path(step) : parent.putObject(step);
        }
        parent.put(path.getLast(), "PLACE");
        return body.toString().replace("\"PLACE\"", value);
    }

    private static List<String> types(JsonNode schema) {
        JsonNode type = schema.path("type");
        List<String> types = new ArrayList<>();
        if (type instanceof ArrayNode several) {
            several.forEach(one -> types.add(one.asText()));
        } else {
            types.add(type.asText());
        }
        return types;
    }

    private JsonNode resolve(JsonNode schema) {
        for (String choice : List.of("anyOf", "allOf", "oneOf")) {
            for (JsonNode one : schema.path(choice)) {
                if (one.has("$ref")) {
                    return resolve(one);
                }
            }
        }
        return schema.has("$ref")
                ? resolve(document.at(schema.path("$ref").asText().substring(1)))
                : schema;
    }
}
